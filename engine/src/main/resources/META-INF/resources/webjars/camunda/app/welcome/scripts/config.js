export default {
  app: {
    name: "Staff",
    vendor: "CoronaCare",
  },
};

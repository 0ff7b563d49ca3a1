export default {
  app: {
    name: "Accounts",
    vendor: "CoronaCare",
  },
};

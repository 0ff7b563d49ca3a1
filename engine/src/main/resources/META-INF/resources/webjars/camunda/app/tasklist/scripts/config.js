export default {
  app: {
    name: "Tasks",
    vendor: "CoronaCare",
  },
};

export default {
  app: {
    name: "Cockpit",
    vendor: "CoronaCare",
  },
};

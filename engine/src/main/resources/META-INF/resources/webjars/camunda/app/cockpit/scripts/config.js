export default {
  app: {
    name: "Cockpit",
    vendor: "CoronaCare",
  },
  customScripts: ["../../assets/sign-out"],
};

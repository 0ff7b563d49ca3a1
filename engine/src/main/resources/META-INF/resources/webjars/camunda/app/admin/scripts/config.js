export default {
  app: {
    name: "Accounts",
    vendor: "CoronaCare",
  },
  customScripts: ["../../assets/sign-out"],
};

export default {
  app: {
    name: "Staff",
    vendor: "CoronaCare",
  },
  customScripts: ["../../assets/sign-out"],
};

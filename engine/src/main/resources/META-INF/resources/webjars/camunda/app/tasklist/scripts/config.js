export default {
  app: {
    name: "Tasks",
    vendor: "CoronaCare",
  },
  customScripts: ["scripts/lists", "../../assets/sign-out"],
};

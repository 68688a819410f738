// Puts a message of the page itself at the edge, as the sidecar's messages are.
const addToast = (tone, role, sentence) => {
  const toast = document.createElement("div");
  toast.className = `toast ${tone}`;
  toast.setAttribute("role", role);
  const words = document.createElement("span");
  words.textContent = sentence;
  toast.append(words);
  document.getElementById("toasts").append(toast);
  return toast;
};

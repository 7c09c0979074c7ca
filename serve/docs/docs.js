// Shows the OpenAPI document of this server. Relative addresses, so that it also works below a path of a proxy.

SwaggerUIBundle({
  url: "openapi.json",
  domNode: document.getElementById("docs"),
  deepLinking: true,
  validatorUrl: null, // or the document's address would be sent to a service elsewhere
});

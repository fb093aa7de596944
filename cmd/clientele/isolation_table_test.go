package main

import "clientele"

// gate says who may pass a route, and how a call of it looks that would read or change something if it were let in.
type gate struct {
	// dialect is whose credential a partner's route needs; role is the least one of a page of the console. Neither is a
	// route for anybody.
	dialect clientele.Dialect
	role    clientele.Role
	// scope is what the credential must have been granted besides.
	scope string
	// body is sent with a POST; names in braces are those of objects.
	body string
}

// gates are all routes of a server, by method and pattern. HEAD is like GET.
func gates() map[string]gate {
	all := partnerGates()
	for route, role := range consoleGates() {
		all[route] = gate{role: role}
	}
	for _, route := range []string{
		"/click/{campaignUuid}/{publisherUuid}", "/docs", "/docs/", "/docs/licences.txt", "/docs/static/{file}", "/docs/{dialect}",
		"/docs/{dialect}/", "/openapi/{dialect}.json", "/healthz", "/readyz", "/metrics", "/console/login", "/console/static/{name}",
		"/api/v1/postback/{status}/{action_uuid}", // for whoever knows the action
	} {
		all["GET "+route] = gate{}
	}
	all["POST /console/login"] = gate{}
	all["POST /oauth/token/"] = gate{} // it asks for the client's secret: isolateTokens
	return all
}

func partnerGates() map[string]gate {
	const policies = `"policies":{"retry":{"intervals":[{"value":"00:00:01"}],"requestTimeout":"00:00:01"}}`
	return map[string]gate{
		"GET /ping":   {dialect: clientele.OPM},
		"POST /entry": {dialect: clientele.OPM, body: `{"customerId":"77","customerPhone":"+12125550177"}`},

		"GET /api/customers/":              {dialect: clientele.Onlinewerkrooster},
		"GET /api/customers/{customerId}/": {dialect: clientele.Onlinewerkrooster},
		"POST /api/customers/": {
			dialect: clientele.Onlinewerkrooster,
			body:    `{"extCustomerId":78,"extCustomerNumber":"78","name":"Shop","enterpriseNumber":"BE0123456749","address":{"city":"Gent"}}`,
		},

		"POST /api/v1/actions/{advertiserUUID}": {
			dialect: clientele.PrimeLead, body: `{"actionUuid":"{action_uuid}","wideContact":"2026-01-02 03:04:05"}`,
		},

		"GET /v1/customer/":              {dialect: clientele.DKHardware, scope: "customers"},
		"GET /v1/customer/{customerId}/": {dialect: clientele.DKHardware, scope: "customers"},
		"POST /v1/customer/create/": {
			dialect: clientele.DKHardware, scope: "customers:create", body: `{"firstName":"A","lastName":"B","email":"a@example.com"}`,
		},
		"POST /v1/customer/update/": {
			dialect: clientele.DKHardware, scope: "customers:update", body: `{"customerId":"{customerId}","fax":"+12125550178"}`,
		},
		"POST /v1/customer/status/": {
			dialect: clientele.DKHardware, scope: "customers:status", body: `{"submissionId":"{submission}"}`,
		},

		"GET /v1/subscription/":                  {dialect: clientele.DKHardware, scope: "subscriptions"},
		"GET /v1/subscription/{subscriptionId}/": {dialect: clientele.DKHardware, scope: "subscriptions"},
		"POST /v1/subscription/create/": {
			dialect: clientele.DKHardware, scope: "subscriptions:edit",
			body: `{"webhook":{"url":"http://127.0.0.1:1/hook"},"eventType":"customer:changed",` + policies + `}`,
		},
		"POST /v1/subscription/update/": {
			dialect: clientele.DKHardware, scope: "subscriptions:edit", body: `{"subscriptionId":"{subscriptionId}",` + policies + `}`,
		},
		"POST /v1/subscription/delete/": {
			dialect: clientele.DKHardware, scope: "subscriptions:edit", body: `{"subscriptionId":"{subscriptionId}"}`,
		},
	}
}

// consoleGates are the pages of the console with the least role that each asks for.
func consoleGates() map[string]clientele.Role {
	all := map[string]clientele.Role{}
	add := func(role clientele.Role, routes ...string) {
		for _, route := range routes {
			all[route] = role
		}
	}
	const p = "/console/p/{project}"
	add(clientele.RoleViewer, "POST /console/logout", "GET /console/account/password", "POST /console/account/password",
		"GET /console/", "GET /console/live", "GET /console/inbox", "GET /console/inbox/{refusal}",
		"GET "+p+"/customers", "GET "+p+"/customers/{customer}", "GET "+p+"/leads", "GET "+p+"/leads/{lead}", "GET "+p+"/funnel",
		"GET "+p+"/campaigns", "GET "+p+"/campaigns/{campaign}", "GET "+p+"/submissions", "GET "+p+"/submissions/{submission}",
		"GET "+p+"/subscriptions", "GET "+p+"/subscriptions/{subscription}", "GET "+p+"/deliveries", "GET "+p+"/deliveries/{delivery}",
		"GET /console/projects", "GET /console/keys", "GET /console/keys/{key}", "GET /console/publishers",
		"GET /console/publishers/{publisher}")
	add(clientele.RoleEditor, "GET /console/inbox/{refusal}/sent", "GET "+p+"/customers/{customer}/edit",
		"POST "+p+"/customers/{customer}/edit", "POST "+p+"/submissions/{submission}/resubmit",
		"POST "+p+"/subscriptions/{subscription}/test", "POST "+p+"/subscriptions/{subscription}/disable",
		"POST "+p+"/subscriptions/{subscription}/enable", "POST "+p+"/subscriptions/{subscription}/resend-failed",
		"POST "+p+"/subscriptions/{subscription}/resend-since", "POST "+p+"/deliveries/{delivery}/resend")
	add(clientele.RoleOwner, "POST "+p+"/campaigns", "POST "+p+"/campaigns/{campaign}", "POST "+p+"/subscriptions",
		"GET "+p+"/subscriptions/new", "POST "+p+"/subscriptions/{subscription}/rotate", "POST "+p+"/subscriptions/{subscription}/delete",
		"POST /console/projects", "POST /console/keys", "GET /console/keys/new", "POST /console/keys/{key}/limits",
		"POST /console/keys/{key}/rotate", "GET /console/keys/{key}/revoke", "POST /console/keys/{key}/revoke",
		"POST /console/publishers", "POST /console/publishers/{publisher}", "GET /console/operators", "POST /console/operators",
		"POST /console/operators/{operator}", "GET /console/audit")
	return all
}

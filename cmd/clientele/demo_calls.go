package main

import (
	"fmt"
	"io"
	"strings"
	"time"

	"clientele"
	"clientele/internal/access"
)

// demoCall is a call of a partner document as it is pasted into a shell.
type demoCall struct{ title, curl string }

// printDemo prints calls of all four documents, ready to paste.
func printDemo(out io.Writer, url string, now time.Time) {
	fmt.Fprintf(out, "\nLog in to %s/console/ as %s with the password: %s\n", url, demoOperator, demoPassword)
	for _, document := range []struct {
		title string
		calls []demoCall
	}{
		{"The OPM Partners document's examples", opmCalls(url)},
		{"The Onlinewerkrooster document's examples", onlinewerkroosterCalls(url)},
		{"Calls of the Prime Lead document", leadCalls(url, now)},
		{"The DKHardware document's examples, in one shell: the first call gets the token", dkhardwareCalls(url)},
	} {
		fmt.Fprintf(out, "\n%s, to paste into another terminal:\n", document.title)
		for _, call := range document.calls {
			fmt.Fprintf(out, "\n# %s\n%s\n", call.title, call.curl)
		}
	}
}

func opmCalls(url string) []demoCall {
	key := "-H 'x-api-key: " + demoOPMKey + "'"
	entry := func(body string) string {
		return fmt.Sprintf("curl -s %s/entry %s -H 'content-type: application/json' \\\n  -d '%s'", url, key, body)
	}
	customer := `{"customerId":7519,"customerEmail":"customer7519xx@gmail.com","customerPhone":"+15853042456","customerFirstName":"John","customerLastName":"Doe","customerIP":"192.168.105.240"}`
	return append(
		keyCalls(url, clientele.Credential{Dialect: clientele.OPM}, access.Value{Name: "x-api-key", Text: demoOPMKey}),
		demoCall{"a new customer", entry(customer)},
		demoCall{"the same customer, another e-mail", entry(strings.Replace(customer, "customer7519xx", "customer7520xx", 1))},
		demoCall{"neither e-mail nor phone: 400", entry(`{"customerId":7519}`)},
		demoCall{"a wrong type: 400", entry(`{"customerId":7519,"customerEmail":true}`)},
	)
}

// keyCalls are the calls that each key of the dialect is handed over with in the console.
func keyCalls(url string, c clientele.Credential, values ...access.Value) []demoCall {
	var list []demoCall
	for _, one := range access.Curls(url, access.Issued{Credential: c, Values: values}) {
		list = append(list, demoCall{one.Title, one.Command})
	}
	return list
}

func onlinewerkroosterCalls(url string) []demoCall {
	api := url + "/api/customers"
	keys := fmt.Sprintf("-H 'apikey: %s' -H 'CustomerKey: %s'", demoOWRKey, demoOWRCustomerKey)
	body := `{"extCustomerId":1001,"extCustomerNumber":"1001","enterpriseNumber":"BE01234567899","name":"OWR.GG.1001","address":{"street":"Louis Pasteurstraat","streetNumber":"15B","city":"Lommel","postalCode":"3920","country":"belgium"}}`
	return []demoCall{
		{"a new customer", fmt.Sprintf("curl -s --request POST --url %s/ %s --header 'content-type: application/json' \\\n  --data '%s'", api, keys, body)},
		{"the document's own curl, which leaves the CustomerKey out: the same customer", fmt.Sprintf("curl -s --request POST --url %s/ --header 'apikey: %s' --header 'content-type: application/json' \\\n  --data '%s'", api, demoOWRCurlKey, body)},
		{"the same id, another city: 409", fmt.Sprintf("curl -s --request POST --url %s/ %s --header 'content-type: application/json' \\\n  --data '%s'", api, keys, strings.Replace(body, "Lommel", "Genk", 1))},
		{"reading it back (an extension)", fmt.Sprintf("curl -s '%s?extCustomerId=1001' %s", api, keys)},
	}
}

func dkhardwareCalls(url string) []demoCall {
	token := `-H "Authorization: Bearer $TOKEN"`
	post := func(path, body string) string {
		return fmt.Sprintf("curl -s %s/v1/customer/%s %s -H 'content-type: application/json' \\\n  -d '%s'", url, path, token, body)
	}
	client := clientele.Credential{Dialect: clientele.DKHardware, ClientID: clientele.Some(demoDKHClient), Scopes: []string{"customers"}}
	return append(keyCalls(url, client, access.Value{Name: "client_secret", Text: demoDKHSecret}), []demoCall{
		{"one customer", fmt.Sprintf("curl -s %s/v1/customer/1 %s", url, token)},
		{"a new customer: the answer is a submissionId", post("create", `{"firstName":"Some","lastName":"Person","email":"some.email@some.site","company":"","phone":"14562356","altPhone":null,"fax":null,"addresses":[{"firstName":"Some","lastName":"Person","zip":"80911","country":"United States","state":"CO","city":"Colorado Springs","address1":"55 Some St","address2":null,"company":null,"phone":"56235776","altPhone":null,"fax":null,"isDefaultBilling":true,"isDefaultShipping":true}]}`)},
		{"another name for customer 1", post("update", `{"customerId":"1","firstName":"Some","lastName":"Big Person","company":"Horns and hooves","phone":"14562356","altPhone":null,"fax":"24562456"}`)},
		{"what became of a submission: put its submissionId in", post("status", `{"submissionId":"77921d3a-7838-40bf-a2d2-e30424d15520"}`)},
		{"what must not be sent, and what is missing: 400", post("create", `{"customerId":"463118"}`)},
	}...)
}

package traffic

import (
	"strings"
	"testing"

	"clientele"
)

// person is who must not be seen, in any form that a dialect has.
var person = []string{"Margarethe", "Quastenflosser", "margarethe.q@example.com", "2125550147", "198.51.100.77", "Elbchaussee", "DE811907980"}

func wantNobody(t *testing.T, name string, r clientele.Refusal) {
	t.Helper()
	for what, text := range map[string]string{"target": r.Target, "body": r.Body, "answer": r.Answer, "media": r.Media, "field": r.Field} {
		for _, word := range person {
			if strings.Contains(strings.ToLower(text), strings.ToLower(word)) {
				t.Errorf("%s: the %s shows %s: %s", name, what, word, text)
			}
		}
	}
}

// TestMask_ShowsNobody: bodies of each dialect, well formed and not.
func TestMask_ShowsNobody(t *testing.T) {
	const asJSON, asForm = "application/json; charset=utf-8", "application/x-www-form-urlencoded"
	for name, r := range map[string]clientele.Refusal{
		"OPM": {Media: asJSON, Body: `{"customerId":"Quastenflosser","customerEmail":"margarethe.q@example.com","customerPhone":2125550147,
			"customerFirstName":"Margarethe","customerLastName":"Quastenflosser","customerIP":"198.51.100.77"}`},
		"Onlinewerkrooster": {Media: asJSON, Body: `{"extCustomerId":2125550147,"name":"Quastenflosser","enterpriseNumber":"DE811907980",
			"address":{"street":"Elbchaussee","city":"Margarethe"}}`},
		"DKHardware": {Media: asJSON, Body: `{"firstName":"Margarethe","lastName":"Quastenflosser","customerType":"Margarethe",
			"addresses":[{"address1":"Elbchaussee","phone":"+12125550147"},["Margarethe",2125550147]]}`},
		"Prime Lead":           {Media: asForm, Body: "contract=Margarethe&sub1=margarethe.q%40example.com&Quastenflosser=1&Elbchaussee"},
		"Prime Lead, in parts": {Media: "multipart/form-data; boundary=x", Body: "--x\r\nContent-Disposition: form-data; name=\"contract\"\r\n\r\nMargarethe\r\n--x--"},
		"names are data":       {Media: asJSON, Body: `{"Margarethe":{"Quastenflosser":1},"2125550147":true,"Margarethe":2}`},
		"cut off":              {Media: asJSON, Body: `{"customerFirstName":"Margarethe","customerLastName":"Quasten`},
		"two values":           {Media: asJSON, Body: `{"customerFirstName":"Margarethe"}{"customerLastName":"Quastenflosser"}`},
		"a bare text":          {Media: asJSON, Body: `"Margarethe Quastenflosser"`},
		"a bare number":        {Media: asJSON, Body: `2125550147`},
		"no JSON at all":       {Media: asJSON, Body: `Margarethe;Quastenflosser;2125550147`},
		"XML":                  {Media: "text/xml", Body: `<a n="Margarethe">Quastenflosser</a>`},
		"a type that is data":  {Media: "text/Quastenflosser", Field: "text/Quastenflosser", Answer: `{"message":"Unsupported Media Type: text/Quastenflosser"}`},
		"path and query": {
			Route: "none", Target: "/margarethe.q@example.com/Quastenflosser?Margarethe=1&mail=margarethe.q%40example.com&2125550147",
			Answer: `{"message":"Route GET:/margarethe.q@example.com/Quastenflosser?Margarethe=1&mail=margarethe.q%40example.com&2125550147 not found"}`,
		},
		"quoted path": {
			Route: "none", Target: `/Margarethe"Quastenflosser`, Answer: `{"message":"Route GET:/Margarethe\"Quastenflosser not found"}`,
		},
		"an answer that repeats":              {Media: asJSON, Body: `{"name":"Quastenflosser"}`, Answer: `{"message":"no Quastenflosser"}`},
		"an answer about what cannot be read": {Media: asJSON, Body: `{"name":"Quastenflosser`, Answer: `{"message":"no Quastenflosser"}`},
	} {
		wantNobody(t, name, Mask(r))
	}
}

// TestMask_LeavesWhatHelps: names, documented words, dates and amounts, so that a viewer sees what is wrong.
func TestMask_LeavesWhatHelps(t *testing.T) {
	for name, c := range map[string]struct{ in, want clientele.Refusal }{
		"JSON": {
			clientele.Refusal{Media: "application/json", Body: `{"customerId":true,"customerEmail":"ada@example.com","customerPhone":null,"customerFirstName":""}`},
			clientele.Refusal{Media: "application/json", Body: "{\n  \"customerId\": true,\n  \"customerEmail\": \"a•••@e•••.com\",\n  \"customerPhone\": null,\n  \"customerFirstName\": \"\"\n}"},
		},
		"amounts and dates": {
			clientele.Refusal{Media: "application/x-www-form-urlencoded", Body: "contract=2026-11-22&contractNetValue=100.50&customerType=new&actionUuid=9b2d7c1e…"},
			clientele.Refusal{Media: "application/x-www-form-urlencoded", Body: "contract=2026-11-22&contractNetValue=100.50&customerType=new&actionUuid=•••"},
		},
		"path": {
			clientele.Refusal{Route: "/api/v1/postback/{status}/{action_uuid}", Target: "/api/v1/postback/contract/9b2d7c1e…?customer_type=old", Answer: `{"success":false}`},
			clientele.Refusal{Route: "/api/v1/postback/{status}/{action_uuid}", Target: "/api/v1/postback/contract/•••?customer_type=•••", Answer: `{"success":false}`},
		},
		"not JSON": {
			clientele.Refusal{Media: "application/json", Body: `{"customerId":`, BodyBytes: 14, Answer: `{"message":"Body is not valid JSON: unexpected end; customerId"}`},
			clientele.Refusal{Media: "application/json", Body: "(text that begins like JSON, 14 bytes, not readable as JSON)", BodyBytes: 14, Answer: `{"message":"Body is not valid JSON: unexpected end; customerId"}`},
		},
	} {
		if got := Mask(c.in); got != c.want {
			t.Errorf("%s:\n got %+v\nwant %+v", name, got, c.want)
		}
	}
}

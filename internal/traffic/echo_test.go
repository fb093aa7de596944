package traffic

import (
	"strings"
	"testing"

	"clientele"
)

// TestMask_AnswersEchoNobody: sentences of the dialects that repeat a value in another form than it was sent in.
func TestMask_AnswersEchoNobody(t *testing.T) {
	const asJSON, asForm = "application/json", "application/x-www-form-urlencoded"
	notValid := func(value string) string {
		return `{"errors":{"FirstName":[` + string(clientele.AppendQuoted(nil, "The value '"+value+"' is not valid for 'First Name'.")) + `]}}`
	}
	long := strings.Repeat("lorem ipsum ", 9)
	for name, r := range map[string]clientele.Refusal{
		"a blank as + in the query": {Target: "/v1/customer?limit=Margarethe+Quastenflosser", Answer: notValid("Margarethe Quastenflosser")},
		"a blank as + in a form": {
			Media: asForm, Body: "contract=Margarethe+Quastenflosser%21", Answer: `{"message":"no Margarethe Quastenflosser!"}`,
		},
		"a name with a + in it": {Target: "/x?Margarethe+Quastenflosser=1", Answer: `{"message":"no Margarethe Quastenflosser"}`},
		"JSON as it was sent": {
			Media: asJSON, Body: `{"firstName":["Margarethe \u0051uastenflosser\u0142",{"\u0045lbchaussee":1}]}`,
			Answer: notValid(`["Margarethe \u0051uastenflosser\u0142",{"\u0045lbchaussee":1}]`),
		},
		"one text as it was sent": {
			Media: asJSON, Body: `{"firstName":"\u004dargarethe Quastenflosser"}`, Answer: `{"message":"no \\u004dargarethe Quastenflosser"}`,
		},
		"the beginning of a long value": {
			Media: asJSON, Body: `{"firstName":["Margarethe Quastenflosser, ` + long + long + `"]}`,
			Answer: notValid(`["Margarethe Quastenflosser, ` + long[:70] + `…`),
		},
		"the beginning of a long value, in another sentence": {
			Media: asJSON, Body: `{"eventType":"Margarethe Quastenflosser, ` + long + `"}`,
			Answer: `{"message":"no Margarethe Quastenflosser, ` + long[:100-len("Margarethe Quastenflosser, ")] + `…"}`,
		},
		"one value within another": {
			Media: asJSON, Body: `{"firstName":"Margarethe","lastName":"Margarethe Quastenflosser"}`, Answer: `{"message":"no Margarethe Quastenflosser"}`,
		},
		"quotes in the value": {
			Media: asJSON, Body: `{"firstName":["' is not valid for 'Email'.","Margarethe"]}`,
			Answer: notValid(`["' is not valid for 'Email'.","Margarethe"]`),
		},
		"an answer that is cut": {
			Media: asJSON, Body: `{"firstName":["Margarethe `, Answer: `{"errors":{"FirstName":["The value '[\"Margarethe Quastenflosser `,
		},
		"an answer that is no JSON any more": {Answer: `{"errors":{"FirstName":["The value 'a" Margarethe' is not valid for 'First Name'."]}}`},
		"no event type":                      {Answer: `{"errors":{"EventType":["'Event Type' has a range of values which does not include 'Margarethe's'."]}}`},
		"a number":                           {Answer: `{"errors":{"Limit":["'Limit' must be between 1 and 100. You entered 2125550147."]}}`},
		"a path beyond what is kept":         {Answer: `{"message":"Route GET:/x/Margarethe/Quastenflosser not found","statusCode":404}`},
		"a method":                           {Answer: `{"message":"Route MARGARETHE:/x not found","statusCode":404}`},
		"a type beyond what is kept":         {Media: "text/x", Field: "text/x", Answer: `{"message":"Unsupported Media Type: text/x Margarethe"}`},
		"a parameter of a type":              {Media: "application/json; x=Margarethe", Answer: `{"message":"no Margarethe"}`},
	} {
		wantNobody(t, name, Mask(r))
	}
}

// TestMask_AnswersKeepWhatIsSafe: what the call shows of itself, its answer may say again.
func TestMask_AnswersKeepWhatIsSafe(t *testing.T) {
	for _, c := range []struct{ target, answer, want string }{
		{"/v1/customer?limit=500", `["'Limit' must be between 1 and 100. You entered 500."]`, `["'Limit' must be between 1 and 100. You entered 500."]`},
		{"/v1/customer?limit=700", `["'Limit' must be between 1 and 100. You entered 500."]`, `["'Limit' must be between 1 and 100. You entered •••."]`},
		{"/v1/customer", `["The length of 'Zip' must be 50 characters or fewer. You entered 61 characters."]`, `["The length of 'Zip' must be 50 characters or fewer. You entered 61 characters."]`},
		{
			"/v1/customer?createdFrom=2026-13-41&limit=x5", `{"CreatedFrom":["The value '2026-13-41' is not valid for 'Created From'."],"Limit":["The value 'x5' is not valid for 'Limit'."]}`,
			`{"CreatedFrom":["The value '2026-13-41' is not valid for 'Created From'."],"Limit":["The value '•••' is not valid for 'Limit'."]}`,
		},
		{"/v1/nix", `{"message":"Route GET:/v1/nix not found","error":"Not Found"}`, `{"message":"Route GET:/v1/••• not found","error":"Not Found"}`},
		{"/?x=a+%22b%22", `{"message":"no a \"b\""}`, `{"message":"no •••"}`},
	} {
		if got := Mask(clientele.Refusal{Method: "GET", Target: c.target, Answer: c.answer}).Answer; got != c.want {
			t.Errorf("%s:\n got %s\nwant %s", c.target, got, c.want)
		}
	}
}

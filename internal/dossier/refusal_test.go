package dossier_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"clientele"
	"clientele/internal/dossier"
)

// known writes a customer with a short id, and returns the project and the customer.
func known(t *testing.T, b book) (project, id int64) {
	t.Helper()
	p, err := b.CreateProject(t.Context(), clientele.Project{Name: "shop", TimeZone: "UTC", CreatedAt: start})
	must(t, err)
	var patch clientele.Patch
	for field, value := range map[clientele.Field]string{
		clientele.FieldExternalID: "7519", clientele.FieldExternalNumber: "n 1/2", clientele.FieldEmail: "Ada.Lovelace@example.com",
		clientele.FieldPhone: "+12125550147", clientele.FieldAltPhone: "+1 212 555 0148",
	} {
		patch.Put(field, clientele.Some(value))
	}
	return p.ID, commit(t, b, clientele.Write{
		ProjectID: p.ID, Customer: &clientele.CustomerWrite{Mode: clientele.UpsertCustomer, Patch: patch},
	})
}

const asForm = "application/x-www-form-urlencoded; charset=utf-8"

// aboutHer are refused calls in which something of the known customer stands, in one spelling or another.
var aboutHer = map[string]clientele.Refusal{
	"query, as clients encode":     {Target: "/api/customers?page=zzz&email=ada.lovelace%40example.com&n=R6"},
	"query, more than needed":      {Target: "/api/customers?email=%61da%2elovelace%40example%2Ecom"},
	"query, twice":                 {Target: "/api/customers?next=%2Fx%3Femail%3Dada.lovelace%2540example.com"},
	"query, short id":              {Target: "/api/customers?page=zzz&extCustomerId=7519&n=R5"},
	"query, blanks as plus":        {Target: "/api/customers?extCustomerNumber=N+1%2F2"},
	"query, blanks encoded":        {Target: "/api/customers?extCustomerNumber=N%201/2"},
	"query, phone with plus":       {Target: "/x?phone=%2B1+212+555+0148&a"},
	"query, phone otherwise":       {Target: "/x?phone=%2B1%20(212)%20555-0147"},
	"query, no name":               {Target: "/x?7519"},
	"path":                         {Target: "/api/customers/7519"},
	"path, encoded":                {Target: "/api/customers/n%201%2F2/x"},
	"path, address":                {Target: "/x/ada.lovelace%40example.com?a=b"},
	"answer":                       {Answer: `{"message":"Route GET:\/x?email=ada.lovelace%40example.com not found"}`},
	"number":                       {Body: `{"customerId":7519,"customerFirstName":"AdaR1","customerLastName":"Lovelace"}`},
	"number with fraction":         {Body: `{"customerId":7519.0}`},
	"number with exponent":         {Body: `[{"a":[{"id": 7.519E3}]}]`},
	"number of a phone":            {Body: `{"customerPhone":12125550147}`},
	"phone in groups":              {Body: `{"customerPhone":"+1 (212) 555-0147"}`},
	"escaped at":                   {Body: `{"customerId":"x","customerEmail":"ada.lovelace\u0040example.com","customerPhone":17}`},
	"escaped short id":             {Body: `{"customerId":"75\u0031\u0039"}`},
	"escaped stroke":               {Body: `{"extCustomerNumber":"n 1\/2"}`},
	"blanks around":                {Body: `{"customerId":" 7519 "}`},
	"JSON sent as a form":          {Body: `{"customerId":7519}`, Media: asForm},
	"form":                         {Body: "a=1&customerId=7519", Media: asForm},
	"form, encoded":                {Body: "email=ada.lovelace%40example.com", Media: asForm},
	"form, blanks":                 {Body: "nr=n+1%2f2&x", Media: asForm},
	"form that says it is JSON":    {Body: "a=1&customerId=7519", Media: "application/json"},
	"form in parts":                {Body: "--x\r\nContent-Disposition: form-data; name=\"id\"\r\n\r\n7519\r\n--x--", Media: "multipart/form-data; boundary=x"},
	"cut, number":                  {Body: `{"customerId":7519,"customerFirstName":"A`, BodyState: clientele.BodyCut},
	"cut, behind the number":       {Body: `{"customerFirstName":"A","customerId":7519`, BodyState: clientele.BodyCut},
	"cut, text":                    {Body: `{"customerId":"7519","customerFirstName":"A`, BodyState: clientele.BodyCut},
	"cut, escapes":                 {Body: `{"customerEmail":"ada.lovelace\u0040example.com","a":"`, BodyState: clientele.BodyCut},
	"cut, phone":                   {Body: `{"customerPhone":12125550147,"a":"`, BodyState: clientele.BodyCut},
	"cut, form":                    {Body: `customerId=7519&customerFirstName=A`, BodyState: clientele.BodyCut, Media: asForm},
	"a secret taken out":           {Body: `{"token":…,"customerId":7519}`},
	"two values of JSON":           {Body: "{\"a\":1}\n{\"customerId\":7519}"},
	"one name twice":               {Body: `{"customerId":1,"customerId":7519}`},
	"beside what is somebody else": {Body: `{"customerId":75190,"of":{"customerId":7519}}`},
}

// notAboutHer are refused calls in which nothing of the known customer stands, though it looks a little like it.
var notAboutHer = map[string]clientele.Refusal{
	"longer number":        {Body: `{"customerId":75191,"n":17519,"m":7519.5,"o":-7519}`},
	"within a text":        {Body: `{"a":"call 7519 now","b":"7519-1","c":"x7519"}`},
	"page of that number":  {Target: "/api/customers?page=7519&limit=7519"},
	"house of that number": {Body: `{"address":{"streetNumber":"7519","postalCode":7519}}`},
	"sum of that number":   {Body: "contract_net_value=7519", Media: asForm},
	"within a query":       {Target: "/api/customers?a=7519x&b=17519&c=75.19"},
	"within a cut text":    {Body: `{"a":"7519x","b":"17519","c":1.7519,"d":"7519-7519x`, BodyState: clientele.BodyCut},
	"answer with a number": {Answer: `{"status":7519}`},
	"broken escapes":       {Target: "/%4/%zz?a=%", Body: `{"a":"\u00`, BodyState: clientele.BodyCut},
	"another address":      {Target: "/x?email=ada.lovelace%2540example.org"},
	"other half of a pair": {Body: `{"a":"\ud83d\ude00 \ud83d","b":"\ud83d`, BodyState: clientele.BodyCut},
}

// TestCollect_RefusedCallsInAnySpelling: a refused call is found however what stands in it is encoded, and no other is.
func TestCollect_RefusedCallsInAnySpelling(t *testing.T) {
	t.Parallel()
	onBothStores(t, func(t *testing.T, b book) {
		project, id := known(t, b)
		var list []clientele.Refusal
		for want, calls := range map[string]map[string]clientele.Refusal{"": aboutHer, "not ": notAboutHer} {
			for name, r := range calls {
				r.At, r.ProjectID, r.RequestID = start, project, want+name
				if r.BodyState == "" {
					r.BodyState = clientele.BodyWhole
				}
				list = append(list, r)
			}
		}
		must(t, b.PutRefusals(t.Context(), list, clientele.RefusalBounds{PerCaller: 1000, Unknown: 1000, Total: 1000}))
		d, err := dossier.Collect(t.Context(), b, project, id)
		must(t, err)
		var found []string
		for _, r := range d.RefusedCalls {
			found = append(found, fmt.Sprint(r["request_id"]))
		}
		for name := range aboutHer {
			if !slices.Contains(found, name) {
				t.Errorf("not found: %s", name)
			}
		}
		for _, name := range found {
			if strings.HasPrefix(name, "not ") {
				t.Errorf("found: %s", name)
			}
		}
		if n := len(d.Rows(id).Refusals); n != len(found) {
			t.Errorf("an erasure takes %d refused calls, the dossier has %d", n, len(found))
		}
	})
}

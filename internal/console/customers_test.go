package console

import (
	"context"
	"encoding/csv"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"clientele"
	"clientele/internal/work"

	"github.com/go-json-experiment/json"
)

// hostile is a text that would run, break out of an attribute or be calculated, wherever it was written as it is.
const hostile = `"><script>alert('x')</script><img src=x onerror=alert(1)>{{7*7}}`

// harm are the parts of hostile that no page may have.
func harm() []string {
	return []string{"<script>alert", "<img src=x", `"><script>alert`, "onerror=alert(1)>"}
}

// follow makes all customers be found as they are.
func (f *fixture) follow(t *testing.T) {
	t.Helper()
	_, err := (&work.CustomerTerms{Store: f.store}).Follow(t.Context())
	check(t, err)
}

// create makes a customer through the store, as a partner's write.
func (f *fixture) create(t *testing.T, o clientele.Origin, addresses []clientele.Address, fields map[clientele.Field]string) clientele.Customer {
	t.Helper()
	var p clientele.Patch
	for field := range clientele.AllFields.All {
		if value, stated := fields[field]; stated {
			p.Put(field, clientele.Some(value))
		}
	}
	o.RequestID = "r-1"
	outcomes, err := f.store.Commit(t.Context(), []clientele.Write{{
		ProjectID: f.project.ID, At: f.clock.Now(), Origin: o,
		Customer: &clientele.CustomerWrite{Mode: clientele.CreateCustomer, Patch: p, Addresses: addresses},
	}})
	check(t, err)
	customer, err := f.store.FindCustomer(t.Context(), f.project.ID, outcomes[0].SubjectID)
	check(t, err)
	return customer
}

// partner makes a credential for the fixture's project.
func (f *fixture) partner(t *testing.T, d clientele.Dialect, name string, projects ...int64) clientele.Origin {
	t.Helper()
	cr := clientele.Credential{Dialect: d, Name: name, CreatedAt: f.clock.Now()}
	for _, p := range append(projects, f.project.ID)[:max(1, len(projects))] {
		cr.Grants = append(cr.Grants, clientele.Grant{ProjectID: p})
	}
	made, err := f.store.(interface {
		CreateCredential(ctx context.Context, c clientele.Credential, secret clientele.SecretHash) (clientele.Credential, error)
	}).CreateCredential(t.Context(), cr, clientele.HashSecret(d, name))
	check(t, err)
	return clientele.Origin{Dialect: d, CredentialID: made.ID}
}

func (f *fixture) path(format string, args ...any) string {
	return projectURL(f.project.ID, fmt.Sprintf(format, args...))
}

func names(first, last string) map[clientele.Field]string {
	return map[clientele.Field]string{clientele.FieldFirstName: first, clientele.FieldLastName: last}
}

func TestCustomers_AreFound(t *testing.T) {
	onBothStores(t, func(t *testing.T, f *fixture) {
		harbour, mill := f.partner(t, clientele.OPM, "Harbour"), f.partner(t, clientele.DKHardware, "Mill")
		one := f.create(t, harbour, nil, map[clientele.Field]string{
			clientele.FieldFirstName: "Łucja", clientele.FieldLastName: "Kowalska", clientele.FieldEmail: "lucja@example.com",
			clientele.FieldPhone: "+48225550100", clientele.FieldExternalID: "ext/1", clientele.FieldExternalNumber: "N 1",
		})
		f.create(t, mill, nil, names("Jan", "Nowak"))
		f.create(t, clientele.Origin{Dialect: clientele.ViaCommand}, nil, names("Ewa", "Kowal"))
		f.follow(t)
		b := f.as(t, viewer)
		for query, want := range map[string]string{
			"":                          "Ewa Jan Łucja",
			"q=kowal":                   "Ewa Łucja",
			"q=KOWALSKA+%C5%82ucja":     "Łucja",
			"q=kowalska+ewa":            "",
			"q=lucja%40ex":              "Łucja",
			"q=%2B48+22+555":            "Łucja",
			"q=ext%2F1":                 "Łucja",
			"q=N+1":                     "Łucja",
			fmt.Sprint("q=", one.ID):    "Łucja",
			"q=%25":                     "",
			"source=opm":                "Łucja",
			"source=command":            "Ewa",
			"source=dkhardware&q=kowal": "",
			fmt.Sprint("partner=", mill.CredentialID):            "Jan",
			fmt.Sprint("source=opm&partner=", mill.CredentialID): "",
			"partner=999":                         "",
			"from=2000-01-01&to=2100-01-01&q=jan": "Jan",
			"from=2100-01-01":                     "",
			"to=2000-01-01&source=opm":            "",
			"after=garbage&q=jan":                 "Jan",
			"after=5.-1&q=jan":                    "Jan",
		} {
			page := b.get(projectURL(f.project.ID, "/customers?"+query)).want(http.StatusOK)
			var got []string
			for _, name := range []string{"Ewa", "Jan", "Łucja"} {
				if strings.Contains(page.body, ">"+name) {
					got = append(got, name)
				}
			}
			if strings.Join(got, " ") != want {
				t.Errorf("%q finds %v, want %s", query, got, want)
			}
		}
		b.get(f.path("/customers?from=yesterday")).want(http.StatusUnprocessableEntity).has("2026-11-22")
	})
}

func TestCustomers_PageByPage(t *testing.T) {
	f := newFixture(t)
	const count = customerPageSize + 7
	for n := range count {
		f.create(t, clientele.Origin{Dialect: clientele.OPM}, nil, names("Anna", fmt.Sprintf("No%03d", n)))
	}
	f.follow(t)
	b := f.as(t, viewer)
	for _, query := range []string{"", "?q=anna"} {
		first := b.get(projectURL(f.project.ID, "/customers"+query)).want(http.StatusOK).has("Anna No056", "Older").lacks("Anna No006", ">Newest<")
		_, rest, _ := strings.Cut(first.body, `<nav class="pager"`)
		_, rest, _ = strings.Cut(rest, `href="`)
		href, _, _ := strings.Cut(rest, `"`)
		b.get(strings.ReplaceAll(href, "&amp;", "&")).want(http.StatusOK).has("Anna No006", "Anna No000", ">Newest<").lacks("Anna No007", "Older")
	}
}

// TestCustomers_TellsWhenTheSearchIsBehind: who looks for somebody who came this moment hears why nobody is found.
func TestCustomers_TellsWhenTheSearchIsBehind(t *testing.T) {
	onBothStores(t, func(t *testing.T, f *fixture) {
		c := f.create(t, clientele.Origin{Dialect: clientele.OPM}, nil, names("Anna", "Berg"))
		b := f.as(t, viewer)
		b.get(f.path("/customers?q=anna")).want(http.StatusOK).has("1 change is not searchable yet", "No customer matches")
		b.get(f.path("/customers?q=%d", c.ID)).want(http.StatusOK).has("Anna Berg")
		b.get(f.path("/customers")).want(http.StatusOK).has("Anna Berg").lacks("searchable yet") // a list needs no search
		f.create(t, clientele.Origin{Dialect: clientele.OPM}, nil, names("Jan", "Berg"))
		b.get(f.path("/customers?q=anna")).want(http.StatusOK).has("2 changes are not searchable yet")
		f.follow(t)
		b.get(f.path("/customers?q=anna")).want(http.StatusOK).has("Anna Berg").lacks("searchable yet")
	})
}

func TestCustomers_OfAnotherProjectAreNotShown(t *testing.T) {
	f := newFixture(t)
	other, err := f.store.CreateProject(t.Context(), clientele.Project{Name: "Maple Street Tools", TimeZone: "UTC", CreatedAt: f.clock.Now()})
	check(t, err)
	f.partner(t, clientele.OPM, "A partner of Maple Street", other.ID)
	c := f.create(t, clientele.Origin{Dialect: clientele.OPM}, nil, names("Anna", "Berg"))
	f.follow(t)
	b := f.as(t, editor)
	b.get(f.path("/customers")).want(http.StatusOK).has("Anna Berg").lacks("A partner of Maple Street")
	b.get(projectURL(other.ID, "/customers?q=anna")).want(http.StatusOK).lacks("Anna Berg")
	b.get(projectURL(other.ID, "/customers?format=ndjson")).want(http.StatusOK).lacks("Anna")
	for _, path := range []string{"/customers/%d", "/customers/%d/edit"} {
		b.get(projectURL(other.ID, fmt.Sprintf(path, c.ID))).want(http.StatusNotFound).lacks("Anna")
	}
	b.post(projectURL(other.ID, fmt.Sprintf("/customers/%d/edit", c.ID)), "version", "1", "first_name", "X").want(http.StatusNotFound)
}

// allHostile is a customer whose every text is hostile.
func (f *fixture) allHostile(t *testing.T) clientele.Customer {
	t.Helper()
	fields := map[clientele.Field]string{}
	for field := range clientele.AllFields.All {
		fields[field] = field.String() + hostile
	}
	a := clientele.Address{IsDefaultBilling: true}
	for _, text := range a.Texts() {
		*text.Text = clientele.Some(text.Name + hostile)
	}
	c := f.create(t, f.partner(t, clientele.OPM, hostile), []clientele.Address{a}, fields)
	_, err := f.store.Commit(t.Context(), []clientele.Write{{
		ProjectID: f.project.ID, At: f.clock.Now(), Origin: clientele.Origin{Dialect: clientele.OPM, RequestID: hostile},
		Customer: &clientele.CustomerWrite{Mode: clientele.UpdateCustomer, ID: c.ID, Patch: func() (p clientele.Patch) {
			p.Put(clientele.FieldCompany, clientele.Some("new "+hostile))
			return p
		}()},
	}})
	check(t, err)
	f.follow(t)
	return c
}

func TestCustomers_NoTextOfAPartnerIsCode(t *testing.T) {
	f := newFixture(t)
	c := f.allHostile(t)
	b := f.as(t, editor)
	edit := f.path("/customers/%d/edit", c.ID)
	for name, page := range map[string]*page{
		"list":     b.get(f.path("/customers")).want(http.StatusOK),
		"found":    b.get(projectURL(f.project.ID, "/customers?q="+url.QueryEscape(hostile))).want(http.StatusOK),
		"customer": b.get(f.path("/customers/%d", c.ID)).want(http.StatusOK),
		"form":     b.get(edit).want(http.StatusOK),
		"refused":  b.post(edit, "version", "2", "type", hostile, "first_name", hostile).want(http.StatusUnprocessableEntity),
		"conflict": b.post(edit, "version", "1", "first_name", hostile+"!", "was-company", "company"+hostile, "company", hostile).want(http.StatusConflict),
		"filters":  b.get(f.path("/customers?source=%s&partner=%s", url.QueryEscape(hostile), url.QueryEscape(hostile))).want(http.StatusOK),
	} {
		page.lacks(harm()...)
		if !strings.Contains(page.body, "&lt;script&gt;alert") && name != "filters" {
			t.Errorf("%s: the hostile text is not there at all", name)
		}
	}
	page := b.get(f.path("/customers/%d", c.ID))
	for field := range clientele.AllFields.All {
		page.has(field.String() + "&#34;&gt;&lt;script&gt;")
	}
	for _, text := range c.Addresses[0].Texts() {
		page.has(text.Name + "&#34;&gt;&lt;script&gt;")
	}
}

// TestCustomers_NothingTurnsTheWriting: a mark that turns the direction is shown as one that cannot be shown.
func TestCustomers_NothingTurnsTheWriting(t *testing.T) {
	f := newFixture(t)
	a := clientele.Address{AddressDetails: clientele.AddressDetails{City: clientele.Some("Gda\u202ensk")}}
	c := f.create(t, f.partner(t, clientele.OPM, "Partner"), []clientele.Address{a}, map[clientele.Field]string{
		clientele.FieldFirstName: "Ada\u202e", clientele.FieldLastName: "Lovelace", clientele.FieldCompany: "Dock\u202e Company",
	})
	f.follow(t)
	b := f.as(t, viewer)
	b.get(f.path("/customers")).want(http.StatusOK).has("Ada\ufffd", "Dock\ufffd Company").lacks("\u202e")
	b.get(f.path("/customers/%d", c.ID)).want(http.StatusOK).has("Ada\ufffd", "Gda\ufffdnsk").lacks("\u202e")
}

func TestExport_Customers(t *testing.T) {
	f := newFixture(t)
	c := f.create(t, f.partner(t, clientele.OPM, "@Harbour"), []clientele.Address{{}}, map[clientele.Field]string{
		clientele.FieldFirstName: "=HYPERLINK(\"http://evil.example\")", clientele.FieldLastName: "O\"Brien,\nJr", clientele.FieldPhone: "+48225550100",
		clientele.FieldCompany: "-1+1", clientele.FieldFax: "\tx", clientele.FieldExternalID: "@SUM(A1)", clientele.FieldIP: "＝1", clientele.FieldEmail: "",
	})
	f.follow(t)
	b := f.as(t, viewer)
	page := b.get(f.path("/customers?format=csv&q=brien")).want(http.StatusOK)
	rows, err := csv.NewReader(strings.NewReader(page.body)).ReadAll()
	check(t, err)
	if len(rows) != 2 {
		t.Fatalf("%d rows", len(rows))
	}
	got := map[string]string{}
	for i, name := range rows[0] {
		got[name] = rows[1][i]
	}
	for name, want := range map[string]string{
		"id": fmt.Sprint(c.ID), "first_name": "'=HYPERLINK(\"http://evil.example\")", "last_name": "O\"Brien,\nJr", "phone": "'+48225550100",
		"company": "'-1+1", "fax": "'\tx", "external_id": "'@SUM(A1)", "ip": "'＝1", "email": "", "vat_number": "", "version": "1",
		"addresses": `[{"is_default_billing":false,"is_default_shipping":false}]`, "partner": "'@Harbour", "source": "opm",
		"created_at": c.CreatedAt.Format("2006-01-02T15:04:05.999999Z"),
	} {
		if got[name] != want {
			t.Errorf("%s is %q, want %q", name, got[name], want)
		}
	}
	if disposition := page.Header.Get("Content-Disposition"); !strings.HasPrefix(disposition, `attachment; filename="clientele-customers-project-`) ||
		!strings.HasSuffix(disposition, `.csv"`) {
		t.Errorf("disposition %q", disposition)
	}

	page = b.get(f.path("/customers?format=ndjson")).want(http.StatusOK)
	var object map[string]any
	check(t, json.Unmarshal([]byte(page.body), &object))
	for name, want := range map[string]any{
		"id": float64(c.ID), "first_name": "=HYPERLINK(\"http://evil.example\")", "phone": "+48225550100", "email": "", "vat_number": nil,
		"partner": "@Harbour",
	} {
		if object[name] != want {
			t.Errorf("%s is %v, want %v", name, object[name], want)
		}
	}
	if len(object) != len(rows[0]) {
		t.Errorf("%d members, %d columns", len(object), len(rows[0]))
	}
	entries, err := f.store.ListAudit(t.Context(), clientele.AuditFilter{Limit: 10})
	check(t, err)
	if entries[0].Action != "export" || entries[0].Subject != "customers as ndjson" || entries[1].Subject != "customers as csv" ||
		entries[0].ProjectID != f.project.ID {
		t.Errorf("audit entries %+v", entries[:2])
	}
	b.get(f.path("/customers?format=xls")).want(http.StatusUnprocessableEntity).has("csv")
	b.get(f.path("/customers?format=csv&from=x")).want(http.StatusUnprocessableEntity)
}

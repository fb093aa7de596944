package console

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"clientele"
)

// form is the form of a customer as a browser sends it back, with some values changed.
func (f *fixture) form(t *testing.T, id int64, version int64, changes map[clientele.Field]string) []string {
	t.Helper()
	c, err := f.store.FindCustomer(t.Context(), f.project.ID, id)
	check(t, err)
	form := []string{"version", fmt.Sprint(version)}
	for _, i := range customerForm(&c).Fields {
		value, changed := changes[i.Field]
		if !changed {
			value = i.Value
		}
		form = append(form, i.Name, value, wasPrefix+i.Name, i.Was)
	}
	return form
}

func TestEditCustomer(t *testing.T) {
	onBothStores(t, func(t *testing.T, f *fixture) {
		c := f.create(t, f.partner(t, clientele.OPM, "Harbour"), nil, map[clientele.Field]string{
			clientele.FieldFirstName: "Anna", clientele.FieldCompany: "two\r\nlines", clientele.FieldFax: "", clientele.FieldPhone: "555",
		})
		b := f.as(t, editor)
		edit := f.path("/customers/%d/edit", c.ID)
		b.get(edit).want(http.StatusOK).has(`value="Anna"`, `name="version" value="1"`)
		b.post(edit, f.form(t, c.ID, 1, nil)...).goesTo(f.path("/customers/%d", c.ID))
		b.get(f.path("/customers/%d", c.ID)).has("Nothing was changed.")
		b.post(edit, f.form(t, c.ID, 1, map[clientele.Field]string{
			clientele.FieldEmail: "Anna@EXAMPLE.com", clientele.FieldPhone: "", clientele.FieldType: "business", clientele.FieldVATNumber: "PL 123",
		})...).goesTo(f.path("/customers/%d", c.ID))
		now, err := f.store.FindCustomer(t.Context(), f.project.ID, c.ID)
		check(t, err)
		if now.EmailNormal.V != "anna@example.com" || now.Phone.Valid || now.Version != 2 || now.Flags != clientele.VATInvalid ||
			now.Company.V != "two\r\nlines" || !now.Fax.Valid || now.Type.V != "business" || now.Source != clientele.OPM {
			t.Errorf("customer %+v", now)
		}
		page := b.get(f.path("/customers/%d", c.ID)).want(http.StatusOK)
		page.has("The customer was saved.", "anna@example.com", "is no VAT number", "<del>", "555", "Console", "Harbour", "created", "updated")
		changes, err := f.store.ListHistory(t.Context(), clientele.HistoryQuery{
			ProjectID: f.project.ID, Subject: clientele.SubjectCustomer, SubjectID: c.ID, Limit: 9,
		})
		check(t, err)
		entries, err := f.store.ListAudit(t.Context(), clientele.AuditFilter{Limit: 9})
		check(t, err)
		if o := changes[0].Origin; o.Dialect != clientele.ViaConsole || o.CredentialID != 0 || o.RequestID == "" ||
			entries[0].Action != "customer.edit" || entries[0].Subject != fmt.Sprintf("customer %d", c.ID) || entries[0].RequestID != o.RequestID {
			t.Errorf("origin %+v, audit entry %+v", o, entries[0])
		}
		if n := len(changes); n != 2 {
			t.Errorf("%d changes, want 2", n)
		}
	})
}

func TestEditCustomer_SomebodyWasFaster(t *testing.T) {
	f := newFixture(t)
	c := f.create(t, clientele.Origin{Dialect: clientele.OPM}, nil, map[clientele.Field]string{
		clientele.FieldFirstName: "Anna", clientele.FieldLastName: "Berg", clientele.FieldCompany: "Oak",
	})
	b := f.as(t, editor)
	edit := f.path("/customers/%d/edit", c.ID)
	mine := f.form(t, c.ID, 1, map[clientele.Field]string{clientele.FieldLastName: "Tal", clientele.FieldFax: "1"})
	theirs := f.form(t, c.ID, 1, map[clientele.Field]string{clientele.FieldLastName: "See", clientele.FieldCompany: "Elm"})
	b.post(edit, theirs...).want(http.StatusSeeOther)
	page := b.post(edit, mine...).want(http.StatusConflict)
	page.has("Somebody else changed this customer", "Now it is: See", `name="version" value="2"`, `value="Elm"`, `name="last_name" type="text" value="Tal"`,
		`name="was-last_name" value="See"`)
	if now, err := f.store.FindCustomer(t.Context(), f.project.ID, c.ID); err != nil || now.LastName.V != "See" || now.Fax.Valid || now.Version != 2 {
		t.Errorf("after the conflict: %+v, %v", now.Details, err)
	}
	b.post(edit, f.form(t, c.ID, 2, map[clientele.Field]string{clientele.FieldLastName: "Tal", clientele.FieldFax: "1"})...).want(http.StatusSeeOther)
	if now, err := f.store.FindCustomer(t.Context(), f.project.ID, c.ID); err != nil || now.LastName.V != "Tal" || now.Company.V != "Elm" || now.Fax.V != "1" {
		t.Errorf("after saving again: %+v, %v", now.Details, err)
	}
}

func TestEditCustomer_Refused(t *testing.T) {
	f := newFixture(t)
	f.create(t, clientele.Origin{Dialect: clientele.OPM}, nil, map[clientele.Field]string{clientele.FieldExternalID: "a", clientele.FieldExternalNumber: "1"})
	c := f.create(t, clientele.Origin{Dialect: clientele.OPM}, nil, names("Anna", "Berg"))
	b := f.as(t, editor)
	edit := f.path("/customers/%d/edit", c.ID)
	for field, value := range map[clientele.Field]string{
		clientele.FieldExternalID: "a", clientele.FieldExternalNumber: "1", clientele.FieldType: "alien",
		clientele.FieldFirstName: strings.Repeat("x", 501), clientele.FieldFax: "a\x00b",
	} {
		page := b.post(edit, f.form(t, c.ID, 1, map[clientele.Field]string{field: value})...).want(http.StatusUnprocessableEntity)
		page.has(`id="field-`+field.String()+`-problem"`, "Nothing was saved")
	}
	b.post(edit, "first_name", "X").want(http.StatusUnprocessableEntity)
	b.post(f.path("/customers/99999/edit"), "version", "1").want(http.StatusNotFound)
	if now, err := f.store.FindCustomer(t.Context(), f.project.ID, c.ID); err != nil || now.Version != 1 {
		t.Errorf("version %d, %v", now.Version, err)
	}
}

func TestEditCustomer_IsNoViewersBusiness(t *testing.T) {
	f := newFixture(t)
	c := f.create(t, clientele.Origin{Dialect: clientele.OPM}, nil, names("Anna", "Berg"))
	b := f.as(t, viewer)
	b.get(f.path("/customers/%d", c.ID)).want(http.StatusOK).has("Anna Berg").lacks("/edit")
	b.get(f.path("/customers/%d/edit", c.ID)).want(http.StatusForbidden)
	b.post(f.path("/customers/%d/edit", c.ID), f.form(t, c.ID, 1, map[clientele.Field]string{clientele.FieldFirstName: "X"})...).want(http.StatusForbidden)
	if now, err := f.store.FindCustomer(t.Context(), f.project.ID, c.ID); err != nil || now.Version != 1 {
		t.Errorf("version %d, %v", now.Version, err)
	}
}

func TestCustomerHistory_IsPagedAndKnowsWhatWasBefore(t *testing.T) {
	f := newFixture(t)
	c := f.create(t, clientele.Origin{Dialect: clientele.OPM}, nil, names("Anna", "No000"))
	for n := 1; n < historyPageSize+5; n++ {
		var p clientele.Patch
		p.Put(clientele.FieldLastName, clientele.Some(fmt.Sprintf("No%03d", n)))
		_, err := f.store.Commit(t.Context(), []clientele.Write{{
			ProjectID: f.project.ID, At: f.clock.Now(), Origin: clientele.Origin{Dialect: clientele.OPM, RequestID: fmt.Sprint("request-", n)},
			Customer: &clientele.CustomerWrite{Mode: clientele.UpdateCustomer, ID: c.ID, Patch: p},
		}})
		check(t, err)
	}
	b := f.as(t, viewer)
	first := b.get(f.path("/customers/%d", c.ID)).want(http.StatusOK).has("request-54", "request-5<", "No004", "Older").lacks("request-4<", "No003")
	_, rest, _ := strings.Cut(first.body, `<nav class="pager"`)
	_, rest, _ = strings.Cut(rest, `href="`)
	href, _, _ := strings.Cut(rest, `"`)
	b.get(href).want(http.StatusOK).has("request-4<", "No003", "No000", "created", ">Newest<").lacks("request-5<")
}

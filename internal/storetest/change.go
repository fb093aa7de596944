package storetest

import (
	"math"
	"testing"

	"clientele"

	"github.com/go-json-experiment/json"
)

func changeChecks() []check {
	return []check{
		{"Values_AreWhatIsNew", testChangeValues},
		{"EachEffectHasOneAndNothingElseHasAny", testChangesMatchEffects},
		{"OriginAndTimeAreTheWrites", testChangeOrigin},
		{"Seq_RisesInTheProject", testChangeSeq},
		{"Replayed_IsTheCustomer", testReplay},
		{"List_OfUnknownOrForeignIsEmpty", testListForeignChanges},
	}
}

func testChangeValues(t *testing.T, f *fixture) {
	a := clientele.Address{IsDefaultBilling: true}
	a.City, a.Line1 = clientele.Some("Łódź"), clientele.Some("")
	id := f.commitOne(t, create(f.project, 1, values{
		fieldID: clientele.Some("7519"), clientele.FieldFirstName: clientele.Some(`A"da`), clientele.FieldFax: clientele.Some(""),
		clientele.FieldCompany: {},
	}, a), clientele.Created)
	f.commitOne(t, update(f.project, 2, id, values{
		clientele.FieldFirstName: clientele.Some("Ada"), clientele.FieldFax: {}, fieldID: clientele.Some("7519"),
	}), clientele.Updated)
	f.commitOne(t, update(f.project, 3, id, values{fieldID: {}}), clientele.Updated)
	addressID := f.customer(t, f.project, id).Addresses[0].ID
	want := []map[string]any{
		{"external_id": "7519", "first_name": `A"da`, "fax": "", "addresses": []any{map[string]any{
			"id": float64(addressID), "line1": "", "city": "Łódź", "is_default_billing": true, "is_default_shipping": false,
		}}},
		{"first_name": "Ada", "fax": nil},
		{"external_id": nil},
	}
	history := f.changes(t, f.project, id)
	if len(history) != len(want) {
		t.Fatalf("%d changes, want %d", len(history), len(want))
	}
	for i, h := range history {
		var got map[string]any
		if err := json.Unmarshal(h.Values, &got); err != nil {
			t.Fatalf("change %d: %v", i, err)
		}
		wantSame(t, "values", want[i], got)
	}
	bare := f.commitOne(t, create(f.project, 4, nil), clientele.Created)
	if got := string(f.changes(t, f.project, bare)[0].Values); got != "{}" {
		t.Errorf("values of a customer without any = %s, want {}", got)
	}
}

func testChangesMatchEffects(t *testing.T, f *fixture) {
	id := f.commitOne(t, create(f.project, 1, keys("a", "1")), clientele.Created)
	other := f.commitOne(t, create(f.project, 2, keys("b", "2")), clientele.Created)
	writes := []clientele.Write{
		upsert(f.project, 3, "a", email("1@example.com")),
		upsert(f.project, 4, "a", email("1@example.com")),
		upsert(f.project, 5, "a", values{fieldNumber: clientele.Some("2")}),
		update(f.project, 6, id, email("2@example.com")),
		update(f.project, 7, math.MaxInt32, email("3@example.com")),
		create(f.project, 8, keys("a", "9")),
		update(f.project, 9, id, keys("a", "1")),
		update(f.project, 10, id, email("1@example.com")),
		{ProjectID: f.project, At: at(11), Origin: origin("r-11")}, // an empty write
	}
	f.commit(t, writes...)
	var got []string
	for _, h := range f.changes(t, f.project, id) {
		got = append(got, h.Origin.RequestID)
	}
	wantSame(t, "writes in the history", []string{"r-1", "r-3", "r-6", "r-10"}, got)
	if n := len(f.changes(t, f.project, other)); n != 1 {
		t.Errorf("the neighbour has %d changes, want 1", n)
	}
}

func testChangeOrigin(t *testing.T, f *fixture) {
	w := upsert(f.project, 1, "a", email("ada@example.com"))
	w.Origin = clientele.Origin{Dialect: clientele.ViaImport, CredentialID: math.MaxInt64, RequestID: "Zażółć-\"1\""}
	id := f.commitOne(t, w, clientele.Created)
	second := upsert(f.project, 2, "a", email("ada@example.org"))
	second.Origin = clientele.Origin{Dialect: clientele.ViaConsole}
	f.commitOne(t, second, clientele.Updated)
	history := f.changes(t, f.project, id)
	for i, want := range []clientele.Change{
		{Action: clientele.ActionCreated, Origin: w.Origin, At: at(1)},
		{Action: clientele.ActionUpdated, Origin: second.Origin, At: at(2)},
	} {
		want.ProjectID, want.Subject, want.SubjectID = f.project, clientele.SubjectCustomer, id
		want.Seq, want.Values = history[i].Seq, history[i].Values
		wantSame(t, "change", want, history[i])
	}
}

func testChangeSeq(t *testing.T, f *fixture) {
	var ids []int64
	for batch := range 3 {
		outcomes := f.commit(t, upsert(f.project, batch, "a", email(at(batch).String())),
			upsert(f.project, batch, "b", email(at(batch).String())), upsert(f.other, batch, "a", email(at(batch).String())),
			upsert(f.project, batch, "a", email(at(batch+10).String())))
		ids = []int64{outcomes[0].SubjectID, outcomes[1].SubjectID}
	}
	seqs := map[int64]bool{}
	for _, id := range ids {
		last := int64(0)
		for _, h := range f.changes(t, f.project, id) {
			if h.Seq <= last || seqs[h.Seq] {
				t.Errorf("change of customer %d has sequence %d after %d", id, h.Seq, last)
			}
			last = h.Seq
			seqs[h.Seq] = true
		}
	}
	if len(seqs) != 9 {
		t.Errorf("%d changes in the project, want 9", len(seqs))
	}
	a, b := f.changes(t, f.project, ids[0]), f.changes(t, f.project, ids[1])
	for batch := range 3 { // a, b, a in each batch
		if !(a[2*batch].Seq < b[batch].Seq && b[batch].Seq < a[2*batch+1].Seq) {
			t.Errorf("batch %d: sequences %d, %d, %d do not rise", batch, a[2*batch].Seq, b[batch].Seq, a[2*batch+1].Seq)
		}
	}
}

func testReplay(t *testing.T, f *fixture) {
	w := upsert(f.project, 50, "a", keys("a", "1"))
	w.Customer.Addresses = []clientele.Address{address(1), address(2)}
	id := f.commitOne(t, w, clientele.Created)
	f.commit(t,
		upsert(f.project, 40, "a", email("1@example.com")), upsert(f.project, 60, "a", email("2@example.com")),
		update(f.project, 55, id, values{fieldID: clientele.Some("b"), clientele.FieldEmail: {}}),
		upsert(f.project, 56, "a", email("a new one")), upsert(f.project, 57, "b", email("")))
	f.commit(t, update(f.project, 70, id, values{fieldNumber: {}, clientele.FieldType: clientele.Some("business")}))
	c := f.customer(t, f.project, id)
	if c.Version != 6 {
		t.Errorf("version %d, want 6", c.Version)
	}
	wantSame(t, "replayed history", c, replay(t, f.changes(t, f.project, id)))
}

func testListForeignChanges(t *testing.T, f *fixture) {
	id := f.commitOne(t, upsert(f.project, 1, "a", nil), clientele.Created)
	for _, k := range []struct {
		project int64
		subject clientele.Subject
		id      int64
	}{
		{f.other, clientele.SubjectCustomer, id},
		{f.project, clientele.SubjectLead, id},
		{f.project, clientele.SubjectCustomer, id + 1},
		{math.MaxInt64, clientele.SubjectCustomer, math.MinInt64},
	} {
		if list, err := f.ListChanges(t.Context(), k.project, k.subject, k.id); err != nil || len(list) != 0 {
			t.Errorf("ListChanges(%d, %s, %d) = %d changes, %v; want none", k.project, k.subject, k.id, len(list), err)
		}
	}
}

package storetest

import (
	"math"
	"testing"
	"time"

	"clientele"
)

func customerChecks() []check {
	return []check{
		{"Upsert_CreatesThenUpdates", testUpsert},
		{"Upsert_WithoutExternalIDAlwaysCreates", testUpsertWithoutExternalID},
		{"Create_WithoutKeysIsAlwaysNew", testCreateWithoutKeys},
		{"Create_KeepsAddresses", testAddresses},
		{"Create_AddressIDsAreUnique", testAddressIDs},
		{"Update_LeavesAddressesAlone", testUpdateLeavesAddresses},
		{"Update_UnknownIsMissing", testUpdateMissing},
		{"Update_ClearsWhatItSays", testUpdateClears},
		{"UpdatedAt_NeverRunsBackwards", testUpdatedAt},
		{"Times_AreMicrosecondsInUTC", testTimes},
		{"Numbers_HaveTheirWholeRange", testNumbers},
		{"Find_UnknownAndForeignAreNotFound", testFindUnknownCustomer},
	}
}

func testUpsert(t *testing.T, f *fixture) {
	w := upsert(f.project, 1, "7519", values{
		clientele.FieldFirstName: clientele.Some("Ada"), clientele.FieldEmail: clientele.Some("Ada@Example.com"),
	})
	id := f.commitOne(t, w, clientele.Created)
	want := clientele.Customer{
		ID: id, ProjectID: f.project, Source: clientele.OPM, CredentialID: 7, Version: 1, CreatedAt: at(1), UpdatedAt: at(1),
		Details: clientele.Details{
			ExternalID: clientele.Some("7519"), FirstName: clientele.Some("Ada"), Email: clientele.Some("Ada@Example.com"),
		},
	}
	wantSame(t, "created", want, f.customer(t, f.project, id))

	second := upsert(f.project, 2, "7519", values{clientele.FieldLastName: clientele.Some("Berg")})
	second.Origin = clientele.Origin{Dialect: clientele.DKHardware, CredentialID: 8, RequestID: "other"}
	if got := f.commitOne(t, second, clientele.Updated); got != id {
		t.Errorf("updated customer %d, want %d", got, id)
	}
	want.LastName, want.Version, want.UpdatedAt = clientele.Some("Berg"), 2, at(2)
	wantSame(t, "updated: source and creation stay", want, f.customer(t, f.project, id))

	f.commitOne(t, upsert(f.project, 3, "7519", values{clientele.FieldLastName: clientele.Some("Berg")}), clientele.Unchanged)
	wantSame(t, "unchanged", want, f.customer(t, f.project, id))
	found, err := f.FindCustomerByExternalID(t.Context(), f.project, "7519")
	if err != nil {
		t.Fatal(err)
	}
	wantSame(t, "found by external id", want, found)
}

func testUpsertWithoutExternalID(t *testing.T, f *fixture) {
	empty := f.commitOne(t, upsert(f.project, 1, "", email("ada@example.com")), clientele.Created)
	without := customerWrite(f.project, 2, clientele.CustomerWrite{
		Mode: clientele.UpsertCustomer, Patch: email("bob@example.com").patch(),
	})
	outcomes := f.commit(t, upsert(f.project, 3, "", email("ada@example.org")), without, without)
	wantResults(t, outcomes, clientele.Updated, clientele.Created, clientele.Created)
	if outcomes[0].SubjectID != empty {
		t.Errorf(`the external id "" belongs to customer %d, want %d`, outcomes[0].SubjectID, empty)
	}
	if c := f.customer(t, f.project, empty); c.Email != clientele.Some("ada@example.org") {
		t.Errorf("a write without external id changed the customer whose external id is empty: %v", c.Email)
	}
}

func testCreateWithoutKeys(t *testing.T, f *fixture) {
	w := create(f.project, 1, email("ada@example.com"))
	outcomes := append(f.commit(t, w, w), f.commit(t, w)...)
	wantResults(t, outcomes, clientele.Created, clientele.Created, clientele.Created)
	seen := map[int64]bool{0: true}
	for _, o := range outcomes {
		if seen[o.SubjectID] {
			t.Errorf("customer id %d was given twice or is 0", o.SubjectID)
		}
		seen[o.SubjectID] = true
	}
}

func testUpdateMissing(t *testing.T, f *fixture) {
	foreign := f.commitOne(t, create(f.other, 1, email("ada@example.com")), clientele.Created)
	var writes []clientele.Write
	for _, id := range []int64{0, -1, foreign, foreign + 1, math.MaxInt64, math.MinInt64} {
		writes = append(writes, update(f.project, 2, id, email("new@example.com")))
	}
	for i, o := range f.commit(t, writes...) {
		wantSame(t, "outcome", clientele.Outcome{Result: clientele.Missing}, o)
		if len(f.changes(t, f.project, writes[i].Customer.ID)) != 0 {
			t.Errorf("a missing customer has a history")
		}
	}
	if c := f.customer(t, f.other, foreign); c.Version != 1 {
		t.Error("a write of one project changed the customer of another")
	}
}

func testUpdateClears(t *testing.T, f *fixture) {
	id := f.commitOne(t, create(f.project, 1, values{
		clientele.FieldExternalID: clientele.Some("x"), clientele.FieldCompany: clientele.Some("Oak & Co"),
		clientele.FieldFax: clientele.Some("555-0100"),
	}), clientele.Created)
	f.commitOne(t, update(f.project, 2, id, values{clientele.FieldCompany: {}, clientele.FieldFax: clientele.Some("")}), clientele.Updated)
	got := f.customer(t, f.project, id).Details
	wantSame(t, "details", clientele.Details{ExternalID: clientele.Some("x"), Fax: clientele.Some("")}, got)
}

func testUpdatedAt(t *testing.T, f *fixture) {
	id := f.commitOne(t, upsert(f.project, 50, "a", email("1@example.com")), clientele.Created)
	for _, step := range []struct{ writeAt, wantAt int }{{60, 60}, {40, 60}, {60, 60}, {61, 61}, {0, 61}} {
		// The address is new each time, so each step is a change.
		address := email(at(int(f.customer(t, f.project, id).Version)).Format(time.TimeOnly) + "@example.com")
		f.commitOne(t, upsert(f.project, step.writeAt, "a", address), clientele.Updated)
		if c := f.customer(t, f.project, id); !c.UpdatedAt.Equal(at(step.wantAt)) || !c.CreatedAt.Equal(at(50)) {
			t.Errorf("after a write at %d: updated at %v, want %v", step.writeAt, c.UpdatedAt, at(step.wantAt))
		}
	}
	history := f.changes(t, f.project, id)
	if last := history[len(history)-1]; !last.At.Equal(at(0)) {
		t.Errorf("the change of the write at 0 has time %v: history keeps what the clock said", last.At)
	}
	outcomes := f.commit(t, upsert(f.project, 90, "a", email("x@example.com")), upsert(f.project, 80, "a", email("y@example.com")))
	wantResults(t, outcomes, clientele.Updated, clientele.Updated)
	if c := f.customer(t, f.project, id); !c.UpdatedAt.Equal(at(90)) || c.Version != 8 {
		t.Errorf("after two writes in a batch: version %d at %v, want 8 at %v", c.Version, c.UpdatedAt, at(90))
	}
}

func testTimes(t *testing.T, f *fixture) {
	warsaw := time.FixedZone("CET", 3600)
	for i, moment := range []time.Time{
		time.Date(2026, 2, 28, 23, 59, 59, 999_999_000, time.UTC),
		time.Date(2026, 10, 25, 2, 30, 0, 1000, warsaw),
		time.Date(1969, 12, 31, 23, 59, 59, 999_999_000, time.UTC),
		time.Date(1, 1, 1, 0, 0, 0, 1000, time.UTC),
		time.Date(9999, 12, 31, 23, 59, 59, 999_999_000, time.UTC),
	} {
		w := create(f.project, i, email("ada@example.com"), clientele.Address{})
		w.At = moment
		c := f.customer(t, f.project, f.commitOne(t, w, clientele.Created))
		change := f.changes(t, f.project, c.ID)[0]
		for what, got := range map[string]time.Time{
			"created": c.CreatedAt, "updated": c.UpdatedAt, "address created": c.Addresses[0].CreatedAt,
			"address updated": c.Addresses[0].UpdatedAt, "changed": change.At,
		} {
			if !got.Equal(moment) || got.Location() != time.UTC {
				t.Errorf("%s time = %v, want %v", what, got, moment.UTC())
			}
		}
	}
}

func testNumbers(t *testing.T, f *fixture) {
	for i, credential := range []int64{0, 1, -1, math.MaxInt64, math.MinInt64} {
		w := create(f.project, i, email("ada@example.com"))
		w.Origin.CredentialID = credential
		w.Customer.Patch.Flags = math.MaxUint32 // only those of the stated field are taken
		c := f.customer(t, f.project, f.commitOne(t, w, clientele.Created))
		if c.CredentialID != credential || c.Flags != clientele.EmailInvalid {
			t.Errorf("credential %d, flags %b; want %d, %b", c.CredentialID, c.Flags, credential, clientele.EmailInvalid)
		}
		if got := f.changes(t, f.project, c.ID)[0].Origin.CredentialID; got != credential {
			t.Errorf("change names credential %d, want %d", got, credential)
		}
	}
}

func testFindUnknownCustomer(t *testing.T, f *fixture) {
	id := f.commitOne(t, upsert(f.project, 1, "a", nil), clientele.Created)
	for _, key := range []struct{ project, id int64 }{
		{f.other, id},
		{f.project, id + 1},
		{f.project, 0},
		{0, id},
		{math.MaxInt64, id},
		{f.project, math.MaxInt64},
		{math.MinInt64, math.MinInt64},
	} {
		_, err := f.FindCustomer(t.Context(), key.project, key.id)
		wantKind(t, "by id", err, clientele.KindNotFound)
	}
	for _, key := range []struct {
		project int64
		id      string
	}{{f.other, "a"}, {f.project, "A"}, {f.project, "a "}, {f.project, ""}, {f.project, "%"}, {0, "a"}} {
		_, err := f.FindCustomerByExternalID(t.Context(), key.project, key.id)
		wantKind(t, "by external id "+key.id, err, clientele.KindNotFound)
	}
}

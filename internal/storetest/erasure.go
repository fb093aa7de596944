package storetest

import (
	"bytes"
	"fmt"
	"testing"
	"time"

	"clientele"
	"clientele/internal/work"
)

func erasureChecks() []check {
	return []check{
		{"Erase_EmptiesTheHistory", testErase},
		{"Erase_EmptiesWhatTellsOfThePerson", testEraseRows},
		{"Erase_ForgetsVisitsFromEachAddress", testEraseVisits},
		{"Erase_NobodyAndTwice", testEraseNobody},
		{"Erase_AmongOtherWrites", testEraseInBatch},
		{"Erase_OfTheNamesakeInABatch", testEraseNamesake},
		{"Return_IsAllowedAndNoticed", testReturn},
		{"OldWrites_AreHeldBack", testHeldBack},
		{"OldWrites_AreHeldBackBesideAnEmptyID", testHeldBackBesideEmptyID},
		{"OldSubmissions_FailAndAreEmptied", testHeldBackSubmissions},
		{"OldCalls_AreRefusedWhenRepeated", testHeldBackCalls},
		{"Marks_AreForgotten", testForgetMarks},
		{"List_NewestFirst", testListErasures},
	}
}

var erasureKey = bytes.Repeat([]byte{7}, clientele.ErasureKeyBytes)

// erase returns a write that erases a customer at the moment n.
func erase(project int64, n int, id int64, rows clientele.ErasedRows) clientele.Write {
	return clientele.Write{ProjectID: project, At: at(n), Erase: &clientele.EraseWrite{
		CustomerID: id, AskedBy: clientele.AskedByCommand, Rows: rows,
	}}
}

func (f *fixture) erase(t tester, n int, id int64, rows clientele.ErasedRows) {
	t.Helper()
	f.haveErasureKey(t)
	f.commitOne(t, erase(f.project, n, id, rows), clientele.Erased)
}

func (f *fixture) haveErasureKey(t tester) {
	t.Helper()
	if err := f.EnsureErasureKey(t.Context(), erasureKey, at(0)); err != nil {
		t.Fatalf("EnsureErasureKey: %v", err)
	}
}

// erasure returns the record of the erasure of a customer.
func (f *fixture) erasure(t tester, id int64) clientele.Erasure {
	t.Helper()
	list, err := f.ListErasures(t.Context(), clientele.ErasureQuery{ProjectID: f.project, CustomerID: id, Limit: 10})
	if err != nil || len(list) != 1 {
		t.Fatalf("ListErasures of customer %d: %v, %v", id, list, err)
	}
	return list[0]
}

// ada states everything that a person is known by.
func ada() values {
	return values{
		clientele.FieldExternalNumber: clientele.Some("N-1"), clientele.FieldEmail: clientele.Some("Ada@example.com"),
		clientele.FieldPhone: clientele.Some("+1 212 555 0101"), clientele.FieldAltPhone: clientele.Some("+1 212 555 0102"),
		clientele.FieldLastName: clientele.Some("Lovelace"), clientele.FieldIP: clientele.Some("192.0.2.7"),
	}
}

func testErase(t *testing.T, f *fixture) {
	w := create(f.project, 1, ada(), clientele.Address{AddressDetails: clientele.AddressDetails{Line1: clientele.Some("1 Maple St")}})
	w.Customer.Patch.Put(clientele.FieldExternalID, clientele.Some("a"))
	id := f.commitOne(t, w, clientele.Created)
	other := f.commitOne(t, upsert(f.project, 2, "b", email("bob@example.com")), clientele.Created)
	f.commitOne(t, update(f.project, 3, id, email("ada@example.org")), clientele.Updated)
	duty := &work.CustomerTerms{}
	f.followAll(t, duty)
	byEmail := []clientele.Identifier{{Kind: clientele.IdentifiedByEmail, Value: clientele.EmailTerm("ada@example.org")}}
	wantErased := func(what string, project int64, ids []clientele.Identifier, want ...clientele.MarkedErasure) {
		t.Helper()
		list, err := f.FindErased(t.Context(), project, ids)
		mustDo(t, what, err)
		wantSame(t, what, want, list)
	}
	wantErased("erased before anybody was", f.project, byEmail)
	f.erase(t, 4, id, clientele.ErasedRows{})
	wantErased("erased by the address", f.project, byEmail, clientele.MarkedErasure{CustomerID: id, At: at(4)})
	wantErased("erased elsewhere", f.other, byEmail)
	wantErased("erased by another sort of value", f.project, []clientele.Identifier{{Kind: clientele.IdentifiedByID, Value: byEmail[0].Value}})

	_, err := f.FindCustomer(t.Context(), f.project, id)
	wantKind(t, "FindCustomer of somebody erased", err, clientele.KindNotFound)
	_, err = f.FindCustomerByExternalID(t.Context(), f.project, "a")
	wantKind(t, "FindCustomerByExternalID of somebody erased", err, clientele.KindNotFound)
	if list, err := f.LoadCustomers(t.Context(), f.project, []int64{id, other}); err != nil || len(list) != 1 {
		t.Errorf("LoadCustomers returns %d customers, %v", len(list), err)
	}
	history := f.changes(t, f.project, id)
	wantActions := []clientele.Action{clientele.ActionCreated, clientele.ActionUpdated, clientele.ActionErased}
	for i, c := range history {
		if len(history) != len(wantActions) || c.Action != wantActions[i] || string(c.Values) != "{}" {
			t.Errorf("change %d: %s %s", i, c.Action, c.Values)
		}
	}
	if c := replay(t, history); c.ID != id || c.Email.Valid || len(c.Addresses) > 0 {
		t.Errorf("the history still tells of %+v", c)
	}
	f.followAll(t, duty)
	for _, term := range []string{"nlovelace", "eada@example.org", "eada@example.com", "ebob@example.com"} {
		ids := f.found(t, clientele.CustomerSearch{Terms: [][]string{{term}}})
		if wantBob := term == "ebob@example.com"; len(ids) > 0 != wantBob {
			t.Errorf("%s finds %v", term, ids)
		}
	}
	wantSame(t, "erasure", clientele.Erasure{
		ProjectID: f.project, CustomerID: id, At: at(4), AskedBy: clientele.AskedByCommand, Addresses: 1, Changes: 2,
	}, f.erasure(t, id))
	wantSame(t, "the other's history", clientele.ActionCreated, f.changes(t, f.project, other)[0].Action)
	f.commitOne(t, update(f.project, 5, id, email("ada@example.org")), clientele.Missing)
}

func testEraseRows(t *testing.T, f *fixture) {
	w := upsert(f.project, 1, "a", ada())
	w.Idempotency = &clientele.Idempotency{CredentialID: 7, Key: "call"}
	id := f.commitOne(t, w, clientele.Created)
	r := refusal(1, 7)
	r.ProjectID, r.Body, r.BodyState = f.project, `{"email":"ada@example.com"}`, clientele.BodyWhole
	kept := refusal(2, 7)
	f.putRefusals(t, wideBounds, r, kept)
	refusals := f.wantRefusals(t, clientele.RefusalFilter{}, "r2", "r1")
	waiting, finished := submission(f.project, 1), submission(f.project, 2)
	waiting.Submission.Target = "x"
	f.commit(t, finished)
	claim := clientele.Claim{Lease: "x", At: at(3), Until: at(33)}
	if _, err := f.ClaimSubmissions(t.Context(), f.project, claim, 1); err != nil {
		t.Fatal(err)
	}
	completing := customerWrite(f.project, 3, finished.Submission.Write)
	completing.Completes = &clientele.Completion{SubmissionID: finished.Submission.ID, Lease: "x"}
	f.commit(t, completing)
	f.commit(t, waiting)
	l := newLeadFixture(t, f)
	visit := func(n int, ip string) string {
		w := l.register(l.campaign, n)
		w.Lead.Register.IP, w.Lead.Register.UserAgent = clientele.Some(ip), clientele.Some("browser")
		f.commitOne(t, w, clientele.Created)
		return w.Lead.Register.UUID
	}
	lead, stranger := visit(2, "192.0.2.7"), visit(3, "192.0.2.8")

	f.erase(t, 9, id, clientele.ErasedRows{
		Submissions: []string{waiting.Submission.ID, finished.Submission.ID},
		Calls:       []clientele.Idempotency{{CredentialID: 7, Key: "call"}},
		Refusals:    []int64{refusals[1].ID},
	})
	f.wantRefusals(t, clientele.RefusalFilter{}, "r2")
	for _, want := range []struct {
		id      string
		failure clientele.Failure
	}{{waiting.Submission.ID, clientele.PersonErased}, {finished.Submission.ID, clientele.CustomerMissing}} {
		s, err := f.FindSubmission(t.Context(), f.project, want.id)
		if err != nil || s.Status != clientele.Failed || s.Failure != want.failure || s.FinishedAt.IsZero() || s.Write.Patch.Set != 0 || s.Target == "x" {
			t.Errorf("submission %s: %+v, %v", want.id, s, err)
		}
	}
	for uuid, wantIP := range map[string]bool{lead: false, stranger: true} {
		l, err := f.FindLead(t.Context(), f.project, uuid)
		if err != nil || l.IP.Valid != wantIP || l.UserAgent.Valid != wantIP {
			t.Errorf("visitor of lead %s: %v %v, %v", uuid, l.IP, l.UserAgent, err)
		}
	}
	got := f.erasure(t, id)
	if got.Submissions != 2 || got.Calls != 1 || got.Refusals != 1 {
		t.Errorf("erasure: %+v", got)
	}
	repeat := upsert(f.project, 10, "a", ada())
	repeat.Idempotency = w.Idempotency
	o := f.commit(t, repeat)[0]
	wantKind(t, "a repeated call of somebody erased", o.Err, clientele.KindConflict)
}

func testEraseNobody(t *testing.T, f *fixture) {
	f.haveErasureKey(t)
	id := f.commitOne(t, upsert(f.project, 1, "a", ada()), clientele.Created)
	f.commitOne(t, erase(f.project, 2, 99, clientele.ErasedRows{}), clientele.Missing)
	f.commitOne(t, erase(f.other, 2, id, clientele.ErasedRows{}), clientele.Missing)
	f.customer(t, f.project, id)
	f.erase(t, 3, id, clientele.ErasedRows{})
	f.commitOne(t, erase(f.project, 4, id, clientele.ErasedRows{}), clientele.Missing)
	if n := len(f.changes(t, f.project, id)); n != 2 {
		t.Errorf("%d changes after a second erasure, want 2", n)
	}
	s := submission(f.project, 5)
	f.commit(t, s)
	f.commitOne(t, erase(f.project, 6, id, clientele.ErasedRows{Submissions: []string{s.Submission.ID}}), clientele.Missing)
	if got, err := f.FindSubmission(t.Context(), f.project, s.Submission.ID); err != nil || got.Failure != clientele.PersonErased {
		t.Errorf("what was found later: %+v, %v", got, err)
	}
	wantSame(t, "the time of the erasure", at(3), f.erasure(t, id).At)
}

func testEraseInBatch(t *testing.T, f *fixture) {
	f.haveErasureKey(t)
	id := f.commitOne(t, upsert(f.project, 1, "a", ada()), clientele.Created)
	first := update(f.project, 2, id, values{clientele.FieldExternalID: clientele.Some("a2")})
	first.Idempotency = &clientele.Idempotency{CredentialID: 7, Key: "first"}
	outcomes := f.commit(t, first, erase(f.project, 3, id, clientele.ErasedRows{}), update(f.project, 4, id, email("x@example.com")),
		upsert(f.project, 5, "a2", email("new@example.com")), upsert(f.project, 6, "a", email("old@example.com")))
	wantResults(t, outcomes, clientele.Updated, clientele.Erased, clientele.Missing, clientele.Created, clientele.Created)
	if outcomes[3].ReturnOf != id {
		t.Errorf("the new a2 is the return of %d, want %d", outcomes[3].ReturnOf, id)
	}
	for _, c := range f.changes(t, f.project, id) {
		if string(c.Values) != "{}" {
			t.Errorf("change %s has %s", c.Action, c.Values)
		}
	}
	wantSame(t, "returned as", outcomes[3].SubjectID, f.erasure(t, id).ReturnedAs)
}

// testEraseNamesake: a late write is held back also where the customer who had its external id is erased just before it.
func testEraseNamesake(t *testing.T, f *fixture) {
	f.haveErasureKey(t)
	first := f.commitOne(t, upsert(f.project, 1, "a", email("ada@example.com")), clientele.Created)
	f.commitOne(t, erase(f.project, 9, first, clientele.ErasedRows{}), clientele.Erased)
	second := f.commitOne(t, upsert(f.project, 10, "b", values{}), clientele.Created)
	outcomes := f.commit(t, erase(f.project, 2, second, clientele.ErasedRows{}), upsert(f.project, 3, "b", email("ada@example.com")))
	wantResults(t, outcomes[:1], clientele.Erased)
	wantConflict(t, "what was sent before the first was erased", outcomes[1])
}

// knownBy are writes of strangers that share one thing with ada, at the moment n.
func knownBy(project int64, n int) map[string]clientele.Write {
	phone := customerWrite(project, n, clientele.CustomerWrite{Mode: clientele.CreateCustomer, Patch: values{
		clientele.FieldPhone: clientele.Some("0101"),
	}.patch()})
	phone.Customer.Patch.PhoneE164 = clientele.Some("+12125550101")
	return map[string]clientele.Write{
		"external id":     upsert(project, n, "a", values{}),
		"external number": create(project, n, values{clientele.FieldExternalNumber: clientele.Some("N-1")}),
		"email":           create(project, n, email("ADA@EXAMPLE.COM")),
		"phone":           phone,
		"other phone":     create(project, n, values{clientele.FieldPhone: clientele.Some("1-212-555-0102")}),
	}
}

func testReturn(t *testing.T, f *fixture) {
	n := 0
	for name := range knownBy(f.project, 0) {
		n += 10
		id := f.commitOne(t, upsert(f.project, n, "a", ada()), clientele.Created)
		f.erase(t, n+1, id, clientele.ErasedRows{})
		wantResults(t, f.commit(t, upsert(f.project, n+2, "z"+name, email("zoe@example.com"))), clientele.Created)
		if e := f.erasure(t, id); e.ReturnedAs != 0 {
			t.Errorf("a stranger is the return of %d: %+v", id, e)
		}
		o := f.commit(t, knownBy(f.project, n+3)[name])[0]
		e := f.erasure(t, id)
		if o.Result != clientele.Created || o.ReturnOf == 0 || e.ReturnedAs != o.SubjectID || !e.ReturnedAt.Equal(at(n+3)) || e.HeldBack != 0 {
			t.Errorf("%s: %+v, %v; erasure %+v", name, o, o.Err, e)
		}
		f.erase(t, n+4, o.SubjectID, clientele.ErasedRows{})
		if again := f.erasure(t, id); again.ReturnedAs != o.SubjectID {
			t.Errorf("%s: the first return is overwritten: %+v", name, again)
		}
	}
}

func testHeldBack(t *testing.T, f *fixture) {
	id := f.commitOne(t, upsert(f.project, 1, "a", ada()), clientele.Created)
	f.erase(t, 4, id, clientele.ErasedRows{})
	held := int64(0)
	for name, w := range knownBy(f.project, 9) {
		for _, old := range []time.Time{at(3), at(4)} {
			w.AsOf = old
			o := f.commit(t, w)[0]
			wantKind(t, name+" of before", o.Err, clientele.KindConflict)
			held++
		}
		w.ProjectID = f.other
		o := f.commit(t, w)[0]
		if o.Err != nil || o.ReturnOf != 0 {
			t.Errorf("%s in another project: %+v", name, o)
		}
	}
	wantSame(t, "held back", held, f.erasure(t, id).HeldBack)
	if _, total, err := f.FilterCustomers(t.Context(), clientele.CustomerFilter{ProjectID: f.project, Limit: 10}); err != nil || total != 0 {
		t.Errorf("%d customers are there, %v", total, err)
	}
}

func testHeldBackSubmissions(t *testing.T, f *fixture) {
	id := f.commitOne(t, upsert(f.project, 1, "a", ada()), clientele.Created)
	create, change, late := submission(f.project, 3), submission(f.project, 4), submission(f.project, 7)
	create.Submission.Write.Patch = ada().patch()
	change.Submission.Write.ID = id
	late.Submission.Write.Patch = ada().patch()
	f.commit(t, create, change, late)
	f.erase(t, 5, id, clientele.ErasedRows{}) // finds none of them
	list, err := f.ClaimSubmissions(t.Context(), f.project, clientele.Claim{Lease: "x", At: at(8), Until: at(38)}, 10)
	if err != nil || len(list) != 3 {
		t.Fatalf("claim: %d, %v", len(list), err)
	}
	var writes []clientele.Write
	for i := range list {
		s := &list[i]
		w := customerWrite(f.project, 8, s.Write)
		w.AsOf, w.Completes = s.AcceptedAt, &clientele.Completion{SubmissionID: s.ID, Lease: "x"}
		writes = append(writes, w)
	}
	wantResults(t, f.commit(t, writes...), clientele.HeldBack, clientele.HeldBack, clientele.Created)
	for _, w := range []clientele.Write{create, change} {
		s, err := f.FindSubmission(t.Context(), f.project, w.Submission.ID)
		if err != nil || s.Status != clientele.Failed || s.Failure != clientele.PersonErased || s.Write.Patch.Set != 0 || s.CustomerID != 0 {
			t.Errorf("%+v, %v", s, err)
		}
	}
	e := f.erasure(t, id)
	if e.HeldBack != 2 || e.ReturnedAs == 0 {
		t.Errorf("erasure %+v", e)
	}
}

func testHeldBackCalls(t *testing.T, f *fixture) {
	call := &clientele.Idempotency{CredentialID: 7, Key: "call"}
	w := create(f.project, 1, values{clientele.FieldLastName: clientele.Some("Lovelace")})
	w.Idempotency = call
	id := f.commitOne(t, w, clientele.Created)
	f.erase(t, 4, id, clientele.ErasedRows{Calls: []clientele.Idempotency{*call}})
	w.At = at(4).Add(clientele.MaxIdempotencyAge - time.Second)
	wantKind(t, "a repeat", f.commit(t, w)[0].Err, clientele.KindConflict)
	other := w
	other.Idempotency = &clientele.Idempotency{CredentialID: 8, Key: "call"}
	wantResults(t, f.commit(t, other), clientele.Created)
	w.At = at(4).Add(clientele.MaxIdempotencyAge)
	wantResults(t, f.commit(t, w), clientele.Created)
	wantSame(t, "held back", int64(1), f.erasure(t, id).HeldBack)
}

func testForgetMarks(t *testing.T, f *fixture) {
	id := f.commitOne(t, upsert(f.project, 1, "a", ada()), clientele.Created)
	f.erase(t, 4, id, clientele.ErasedRows{})
	n, err := f.ForgetErasureMarks(t.Context(), at(4), 100)
	wantSame(t, "marks that are no older", int64(0), n)
	mustDo(t, "forget marks", err)
	for _, want := range []int64{2, 4, 0} { // our id, the partner's, its number, an address, two phone numbers
		n, err = f.ForgetErasureMarks(t.Context(), at(5), int(max(want, 2))+int(want/4))
		mustDo(t, "forget marks", err)
		wantSame(t, "forgotten marks", want, n)
	}
	old := upsert(f.project, 9, "a", ada())
	old.AsOf = at(2)
	if o := f.commit(t, old)[0]; o.Result != clientele.Created || o.ReturnOf != 0 {
		t.Errorf("after the marks are forgotten: %+v, %v", o, o.Err)
	}
	wantSame(t, "held back", int64(0), f.erasure(t, id).HeldBack)
}

func testListErasures(t *testing.T, f *fixture) {
	var want []int64
	for n := range 5 {
		id := f.commitOne(t, create(f.project, n, email(fmt.Sprint(n, "@example.com"))), clientele.Created)
		f.erase(t, 10+n/2, id, clientele.ErasedRows{})
		want = append([]int64{id}, want...)
	}
	var got []int64
	for q := (clientele.ErasureQuery{ProjectID: f.project, Limit: 2}); ; {
		list, err := f.ListErasures(t.Context(), q)
		mustDo(t, "list", err)
		for i := range list {
			got = append(got, list[i].CustomerID)
		}
		if len(list) < q.Limit {
			break
		}
		q.Before = list[len(list)-1].Position()
	}
	wantSame(t, "erasures", want, got)
	none, err := f.ListErasures(t.Context(), clientele.ErasureQuery{ProjectID: f.other, Limit: 10})
	mustDo(t, "list", err)
	wantSame(t, "erasures of another project", nil, none)
}

// testHeldBackBesideEmptyID: a customer whose external id is the empty text, in the same transaction, is not whom a write without an
// external id is about.
func testHeldBackBesideEmptyID(t *testing.T, f *fixture) {
	blank := f.commitOne(t, upsert(f.project, 1, "", email("cy@example.com")), clientele.Created)
	id := f.commitOne(t, upsert(f.project, 2, "a", email("ada@example.com")), clientele.Created)
	f.erase(t, 10, id, clientele.ErasedRows{})
	outcomes := f.commit(t, update(f.project, 11, blank, email("cy@example.org")), create(f.project, 5, email("ada@example.com")))
	wantKind(t, "a write of before the erasure", outcomes[1].Err, clientele.KindConflict)
}

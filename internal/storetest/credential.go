package storetest

import (
	"math"
	"testing"
	"time"

	"clientele"
)

func credentialChecks() []check {
	return []check{
		{"Create_KeepsEveryField", testCreateCredential},
		{"Create_KeepsGrantsInOrder", testGrantsInOrder},
		{"Create_TakenSecretIsConflict", testSecretTaken},
		{"Create_TakenClientIDIsConflict", testClientIDTaken},
		{"Create_UnknownProjectIsRefused", testGrantOfUnknownProject},
		{"FindBySecret_UnknownAndOtherDialect", testFindUnknownSecret},
		{"Find_UnknownIsNotFound", testFindUnknownCredential},
		{"List_IsInOrderOfID", testListCredentials},
		{"Revoke_TheFirstTimeStays", testRevoke},
		{"Rotate_OldSecretWorksUntilTheOverlapEnds", testRotate},
		{"Rotate_NeverLengthensAnOlderSecret", testRotateTwice},
		{"Rotate_TakenSecretIsConflict", testRotateToTakenSecret},
		{"Change_UnknownIsNotFound", testChangeUnknownCredential},
		{"SetLimits_ChangesNothingElse", testSetLimits},
		{"Touch_NeverRunsBackwards", testTouch},
		{"Touch_UnknownIsNoError", testTouchUnknown},
	}
}

func secretOf(s string) clientele.SecretHash { return clientele.HashSecret(clientele.OPM, s) }

// issue stores a plain credential of one project.
func (f *fixture) issue(t *testing.T, name, secret string) clientele.Credential {
	t.Helper()
	c, err := f.CreateCredential(t.Context(), clientele.Credential{
		Dialect: clientele.OPM, Name: name, Hint: "opm_" + name, CreatedAt: at(1),
		Grants: []clientele.Grant{{ProjectID: f.project}},
	}, secretOf(secret))
	if err != nil {
		t.Fatalf("create credential %s: %v", name, err)
	}
	return c
}

func (f *fixture) bySecret(t *testing.T, secret string) (clientele.Credential, time.Time) {
	t.Helper()
	c, until, err := f.FindCredentialBySecret(t.Context(), secretOf(secret))
	if err != nil {
		t.Fatalf("find credential by secret %s: %v", secret, err)
	}
	return c, until
}

func testCreateCredential(t *testing.T, f *fixture) {
	want := clientele.Credential{
		Dialect: clientele.DKHardware, Name: `Żółw "Tools" 🐢`, ClientID: clientele.Some("client-1"), Hint: "dkh_ab12",
		Grants: []clientele.Grant{{ProjectID: f.other}}, Scopes: []string{"customers.write", "customers.read"},
		ReadsPerMinute: math.MaxInt32, WritesPerMinute: 1, CreatedAt: at(1), ExpiresAt: at(900),
	}
	created, err := f.CreateCredential(t.Context(), want, clientele.HashSecret(clientele.DKHardware, "s"))
	if err != nil {
		t.Fatal(err)
	}
	if created.ID <= 0 {
		t.Errorf("id = %d, want above 0", created.ID)
	}
	want.ID = created.ID
	wantSame(t, "created", want, created)
	found, err := f.FindCredential(t.Context(), created.ID)
	if err != nil {
		t.Fatal(err)
	}
	wantSame(t, "found", want, found)
	bySecret, until, err := f.FindCredentialBySecret(t.Context(), clientele.HashSecret(clientele.DKHardware, "s"))
	if err != nil {
		t.Fatal(err)
	}
	wantSame(t, "found by secret", want, bySecret)
	if !until.IsZero() {
		t.Errorf("the secret ends at %v by itself, want with the credential", until)
	}
	if l := found.CreatedAt.Location(); l != time.UTC {
		t.Errorf("created time is in %v, want UTC", l)
	}
}

func testGrantsInOrder(t *testing.T, f *fixture) {
	third := f.newProject(t, "Third")
	want := []clientele.Grant{
		{ProjectID: third, KeyHash: secretOf("third")},
		{ProjectID: f.project, KeyHash: secretOf("first")},
		{ProjectID: f.other},
	}
	c, err := f.CreateCredential(t.Context(), clientele.Credential{
		Dialect: clientele.Onlinewerkrooster, Name: "Planner", CreatedAt: at(1), Grants: want,
	}, secretOf("several"))
	if err != nil {
		t.Fatal(err)
	}
	f.issue(t, "neighbour", "of another")
	found, err := f.FindCredential(t.Context(), c.ID)
	if err != nil {
		t.Fatal(err)
	}
	wantSame(t, "grants", want, found.Grants)
}

func testSecretTaken(t *testing.T, f *fixture) {
	first := f.issue(t, "first", "same")
	_, err := f.CreateCredential(t.Context(), clientele.Credential{
		Dialect: clientele.OPM, Name: "second", CreatedAt: at(2), Grants: []clientele.Grant{{ProjectID: f.other}},
	}, secretOf("same"))
	wantKind(t, "a secret twice", err, clientele.KindConflict)
	list, err := f.ListCredentials(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	wantSame(t, "credentials after the conflict", []clientele.Credential{first}, list)
}

func testClientIDTaken(t *testing.T, f *fixture) {
	c := clientele.Credential{
		Dialect: clientele.DKHardware, Name: "Tools", ClientID: clientele.Some("tools"), CreatedAt: at(1),
		Grants: []clientele.Grant{{ProjectID: f.project}},
	}
	if _, err := f.CreateCredential(t.Context(), c, secretOf("1")); err != nil {
		t.Fatal(err)
	}
	_, err := f.CreateCredential(t.Context(), c, secretOf("2"))
	wantKind(t, "a client id twice", err, clientele.KindConflict)
	_, _, err = f.FindCredentialBySecret(t.Context(), secretOf("2"))
	wantKind(t, "the refused credential's secret", err, clientele.KindNotFound)
	c.ClientID = clientele.Text{}
	for _, secret := range []string{"3", "4"} { // no client id is never taken
		if _, err := f.CreateCredential(t.Context(), c, secretOf(secret)); err != nil {
			t.Errorf("create without client id: %v", err)
		}
	}
}

func testGrantOfUnknownProject(t *testing.T, f *fixture) {
	_, err := f.CreateCredential(t.Context(), clientele.Credential{
		Dialect: clientele.OPM, Name: "lost", CreatedAt: at(1),
		Grants: []clientele.Grant{{ProjectID: f.project}, {ProjectID: math.MaxInt32}},
	}, secretOf("lost"))
	if err == nil {
		t.Error("a grant of a project that does not exist was stored")
	}
	list, err := f.ListCredentials(t.Context())
	if err != nil || len(list) != 0 {
		t.Errorf("credentials afterwards: %v, %v; want none", list, err)
	}
}

func testFindUnknownSecret(t *testing.T, f *fixture) {
	f.issue(t, "only", "known")
	for what, hash := range map[string]clientele.SecretHash{
		"zeros":           {},
		"unknown":         secretOf("unknown"),
		"another dialect": clientele.HashSecret(clientele.PrimeLead, "known"),
		"another case":    secretOf("Known"),
	} {
		_, _, err := f.FindCredentialBySecret(t.Context(), hash)
		wantKind(t, what, err, clientele.KindNotFound)
	}
}

func testFindUnknownCredential(t *testing.T, f *fixture) {
	for _, id := range []int64{0, -1, 1, math.MaxInt64, math.MinInt64} {
		_, err := f.FindCredential(t.Context(), id)
		wantKind(t, "find credential", err, clientele.KindNotFound)
	}
}

func testListCredentials(t *testing.T, f *fixture) {
	want := []clientele.Credential{f.issue(t, "z", "1"), f.issue(t, "a", "2"), f.issue(t, "m", "3")}
	got, err := f.ListCredentials(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	wantSame(t, "credentials", want, got)
}

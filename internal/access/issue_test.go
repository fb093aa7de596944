package access

import (
	"context"
	"strings"
	"testing"
	"time"

	"clientele"
	"clientele/internal/sqlite"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

// openBook returns a real store with two projects, and an Access over it.
func openBook(t *testing.T) (*sqlite.Store, []clientele.Project, *Access, *clock) {
	t.Helper()
	s, err := sqlite.Open(t.Context(), t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	if _, _, err := s.Migrate(t.Context()); err != nil {
		t.Fatal(err)
	}
	c := newClock()
	var projects []clientele.Project
	for _, name := range []string{"Harbour Outfitters", "Maple Street Tools"} {
		p, err := s.CreateProject(t.Context(), clientele.Project{Name: name, TimeZone: "UTC", CreatedAt: c.Now()})
		if err != nil {
			t.Fatal(err)
		}
		projects = append(projects, p)
	}
	a := New(s, c.Now)
	t.Cleanup(func() {
		if err := a.Close(context.WithoutCancel(t.Context())); err != nil {
			t.Error(err)
		}
	})
	return s, projects, a, c
}

// valuesOf returns the texts of what was issued, by name; several of one name in order.
func valuesOf(i Issued) map[string][]string {
	m := map[string][]string{}
	for _, v := range i.Values {
		m[v.Name] = append(m[v.Name], v.Text)
	}
	return m
}

func TestIssue_NamesAreThoseOfTheDocuments(t *testing.T) {
	s, projects, a, c := openBook(t)
	for d, secret := range map[clientele.Dialect]string{
		clientele.OPM: "x-api-key", clientele.Onlinewerkrooster: "apikey", clientele.PrimeLead: "advertiserUUID",
		clientele.DKHardware: "client_secret",
	} {
		issued, err := Issue(t.Context(), s, Order{Dialect: d, Projects: projects[:1], Name: "partner"}, c.Now())
		if err != nil {
			t.Fatal(err)
		}
		values := valuesOf(issued)
		wantNames := map[clientele.Dialect]int{clientele.OPM: 1, clientele.PrimeLead: 1, clientele.Onlinewerkrooster: 2, clientele.DKHardware: 2}
		if len(values) != wantNames[d] || len(values[secret]) != 1 {
			t.Errorf("%s is issued %v", d, values)
		}
		found, err := a.BySecret(t.Context(), d, values[secret][0])
		if err != nil {
			t.Fatalf("%s: %v", d, err)
		}
		if diff := cmp.Diff(issued.Credential, *found, cmpopts.EquateEmpty()); diff != "" {
			t.Errorf("%s (-issued +found):\n%s", d, diff)
		}
		switch d {
		case clientele.Onlinewerkrooster:
			key := values["CustomerKey"]
			if len(key) != 1 || found.Grants[0].KeyHash != clientele.HashSecret(d, key[0]) {
				t.Errorf("CustomerKey %v does not name the project", key)
			}
		case clientele.DKHardware:
			if id := values["client_id"]; len(id) != 1 || found.ClientID != clientele.Some(id[0]) {
				t.Errorf("client_id %v is not the credential's %v", id, found.ClientID)
			}
			if found.ReadsPerMinute != 200 || found.WritesPerMinute != 100 || len(found.Scopes) == 0 {
				t.Errorf("limits %d and %d, scopes %v: want those of the document", found.ReadsPerMinute, found.WritesPerMinute, found.Scopes)
			}
		}
		if !strings.HasPrefix(values[secret][0], found.Hint) || len(found.Hint) != 8 {
			t.Errorf("hint %q of %s", found.Hint, d)
		}
	}
}

func TestIssue_SeveralProjects(t *testing.T) {
	s, projects, a, c := openBook(t)
	issued, err := Issue(t.Context(), s, Order{
		Dialect: clientele.Onlinewerkrooster, Projects: []clientele.Project{projects[1], projects[0]}, Name: "planner",
	}, c.Now())
	if err != nil {
		t.Fatal(err)
	}
	values := valuesOf(issued)
	found, err := a.BySecret(t.Context(), clientele.Onlinewerkrooster, values["apikey"][0])
	if err != nil {
		t.Fatal(err)
	}
	for i, want := range []int64{projects[1].ID, projects[0].ID} {
		g := found.Grants[i]
		if g.ProjectID != want || g.KeyHash != clientele.HashSecret(clientele.Onlinewerkrooster, values["CustomerKey"][i]) {
			t.Errorf("grant %d opens project %d, want %d with its key", i, g.ProjectID, want)
		}
		if v := issued.Values[i+1]; v.ProjectID != want {
			t.Errorf("key %d is said to be of project %d, want %d", i, v.ProjectID, want)
		}
	}
}

func TestIssue_SecretThatIsBroughtAlong(t *testing.T) {
	s, projects, a, c := openBook(t)
	order := Order{Dialect: clientele.PrimeLead, Projects: projects[:1], Name: "partner", Secret: "0A1B2C3D-4E5F-4A6B-8C7D-9E0F1A2B3C4D"}
	issued, err := Issue(t.Context(), s, order, c.Now())
	if err != nil {
		t.Fatal(err)
	}
	if got := valuesOf(issued)["advertiserUUID"]; len(got) != 1 || got[0] != order.Secret {
		t.Errorf("issued %v, want the secret as it was brought", got)
	}
	for _, sent := range []string{order.Secret, strings.ToLower(order.Secret)} {
		if _, err := a.BySecret(t.Context(), clientele.PrimeLead, sent); err != nil {
			t.Errorf("%s: %v", sent, err)
		}
	}
	order.Secret = strings.ToLower(order.Secret)
	if _, err := Issue(t.Context(), s, order, c.Now()); clientele.KindOf(err) != clientele.KindConflict {
		t.Errorf("the same secret twice: %v, want conflict", err)
	}
}

func TestIssue_RefusesWhatCannotBe(t *testing.T) {
	s, projects, _, c := openBook(t)
	negative, one := -1, projects[:1]
	for field, orders := range map[string][]Order{
		"dialect": {{Projects: one, Name: "p"}, {Dialect: clientele.ViaConsole, Projects: one, Name: "p"}},
		"name": {
			{Dialect: clientele.OPM, Projects: one},
			{Dialect: clientele.OPM, Projects: one, Name: " \t"},
			{Dialect: clientele.OPM, Projects: one, Name: strings.Repeat("x", 101)},
		},
		"project": {{Dialect: clientele.OPM, Name: "p"}, {Dialect: clientele.OPM, Projects: projects, Name: "p"}},
		"limit": {
			{Dialect: clientele.OPM, Projects: one, Name: "p", ReadsPerMinute: &negative},
			{Dialect: clientele.OPM, Projects: one, Name: "p", WritesPerMinute: &negative},
		},
		"scope": {
			{Dialect: clientele.OPM, Projects: one, Name: "p", Scopes: []string{"customers"}},
			{Dialect: clientele.DKHardware, Projects: one, Name: "p", Scopes: []string{"customers", "all"}},
		},
		"secret": {
			{Dialect: clientele.OPM, Projects: one, Name: "p", Secret: "1234567"},
			{Dialect: clientele.OPM, Projects: one, Name: "p", Secret: strings.Repeat("x", 256)},
			{Dialect: clientele.OPM, Projects: one, Name: "p", Secret: "with blank"},
			{Dialect: clientele.OPM, Projects: one, Name: "p", Secret: "línea-larga"},
			{Dialect: clientele.PrimeLead, Projects: one, Name: "p", Secret: "no-uuid-at-all"},
		},
	} {
		for i, o := range orders {
			_, err := Issue(t.Context(), s, o, c.Now())
			e, ok := err.(*clientele.Error)
			if !ok || e.Kind != clientele.KindInvalid || e.Field != field {
				t.Errorf("%s %d: %v, want kind invalid on that field", field, i, err)
			}
			if err != nil && o.Secret != "" && strings.Contains(err.Error(), o.Secret) {
				t.Errorf("%v tells the secret", err)
			}
		}
	}
	if list, err := s.ListCredentials(t.Context()); err != nil || len(list) != 0 {
		t.Errorf("%d credentials, %v; want none", len(list), err)
	}
}

func TestRotate_BothSecretsWorkDuringTheOverlap(t *testing.T) {
	s, projects, a, c := openBook(t)
	issued, err := Issue(t.Context(), s, Order{Dialect: clientele.OPM, Projects: projects[:1], Name: "partner"}, c.Now())
	if err != nil {
		t.Fatal(err)
	}
	rotated, err := Rotate(t.Context(), s, Rotation{CredentialID: issued.Credential.ID, Overlap: time.Hour}, c.Now())
	if err != nil {
		t.Fatal(err)
	}
	old, renewed := valuesOf(issued)["x-api-key"][0], valuesOf(rotated)["x-api-key"][0]
	for _, step := range []struct {
		turn    time.Duration
		oldGood bool
	}{{0, true}, {time.Hour - time.Microsecond, true}, {time.Microsecond, false}, {time.Hour, false}} {
		c.turn(step.turn)
		if _, err := a.BySecret(t.Context(), clientele.OPM, renewed); err != nil {
			t.Errorf("new secret at %v: %v", c.Now(), err)
		}
		_, err := a.BySecret(t.Context(), clientele.OPM, old)
		if step.oldGood && err != nil || !step.oldGood && clientele.KindOf(err) != clientele.KindUnauthorized {
			t.Errorf("old secret at %v: %v; want it let in: %t", c.Now(), err, step.oldGood)
		}
	}
}

func TestRotate_RefusesWhatIsOver(t *testing.T) {
	s, projects, _, c := openBook(t)
	order := Order{Dialect: clientele.OPM, Projects: projects[:1], Name: "partner", ExpiresAt: c.in(time.Hour)}
	issued, err := Issue(t.Context(), s, order, c.Now())
	if err != nil {
		t.Fatal(err)
	}
	id := issued.Credential.ID
	for what, test := range map[string]struct {
		id      int64
		overlap time.Duration
		at      time.Time
		want    clientele.Kind
	}{
		"unknown":          {id + 1, time.Hour, c.Now(), clientele.KindNotFound},
		"expired":          {id, time.Hour, c.in(time.Hour), clientele.KindConflict},
		"negative overlap": {id, -1, c.Now(), clientele.KindInvalid},
	} {
		if _, err := Rotate(t.Context(), s, Rotation{CredentialID: test.id, Overlap: test.overlap}, test.at); clientele.KindOf(err) != test.want {
			t.Errorf("%s: %v, want kind %s", what, err, test.want)
		}
	}
	if err := s.RevokeCredential(t.Context(), id, c.Now()); err != nil {
		t.Fatal(err)
	}
	if _, err := Rotate(t.Context(), s, Rotation{CredentialID: id, Overlap: time.Hour}, c.Now()); clientele.KindOf(err) != clientele.KindConflict {
		t.Errorf("revoked: %v, want conflict", err)
	}
}

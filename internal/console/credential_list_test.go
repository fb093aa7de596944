package console

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"clientele"
	"clientele/internal/access"
)

// put issues a key without the pages.
func (f *fixture) put(t *testing.T, o access.Order) clientele.Credential {
	t.Helper()
	if o.Projects == nil {
		o.Projects = []clientele.Project{f.project}
	}
	issued, err := access.Issue(t.Context(), f.store, o, f.clock.Now())
	check(t, err)
	return issued.Credential
}

func TestKeys_AreFiltered(t *testing.T) {
	f := newFixture(t)
	other, err := f.store.CreateProject(t.Context(), clientele.Project{Name: "Maple Street", TimeZone: "UTC", CreatedAt: f.clock.Now()})
	check(t, err)
	day := 24 * time.Hour
	f.put(t, access.Order{Dialect: clientele.OPM, Name: "Lasting"})
	f.put(t, access.Order{Dialect: clientele.OPM, Name: "Ending", ExpiresAt: f.clock.Now().Add(14 * day)})
	f.put(t, access.Order{Dialect: clientele.DKHardware, Name: "Ended", ExpiresAt: f.clock.Now().Add(time.Second)})
	revoked := f.put(t, access.Order{Dialect: clientele.PrimeLead, Name: "Revoked"})
	f.put(t, access.Order{Dialect: clientele.Onlinewerkrooster, Name: "Elsewhere", Projects: []clientele.Project{other, f.project}})
	f.put(t, access.Order{Dialect: clientele.OPM, Name: "Much later", Projects: []clientele.Project{other}, ExpiresAt: f.clock.Now().Add(15 * day)})
	check(t, f.store.RevokeCredential(t.Context(), revoked.ID, f.clock.Now()))
	f.clock.move(time.Second)
	b := f.as(t, viewer)
	all := []string{"Lasting", "Ending", "Ended", "Revoked", "Elsewhere", "Much later"}
	for query, want := range map[string]string{
		"":                                      "Lasting Ending Ended Revoked Elsewhere Much later",
		"?state=active":                         "Lasting Ending Elsewhere Much later",
		"?state=expiring":                       "Ending",
		"?state=expired":                        "Ended",
		"?state=revoked":                        "Revoked",
		"?state=nonsense":                       "",
		"?dialect=opm":                          "Lasting Ending Much later",
		"?project=" + idText(other.ID):          "Elsewhere Much later",
		"?project=" + idText(f.project.ID):      "Lasting Ending Ended Revoked Elsewhere",
		"?q=LAST":                               "Lasting",
		"?q=e&dialect=opm&project=1&state=":     "Ending",
		"?before=2":                             "Lasting",
		"?project=9":                            "",
		"?dialect=%3Cscript%3E&state=%22%3E%3C": "",
	} {
		got := b.get(keysPath+query).want(http.StatusOK).lacks("<script>", "\"><\"")
		for _, name := range all {
			if is := strings.Contains(got.body, ">"+name+"</a>"); is != strings.Contains(want, name) {
				t.Errorf("%s: %s is listed: %t", query, name, is)
			}
		}
		if want == "" {
			got.has("No key matches")
		}
	}
}

func TestKeys_AreListedByPages(t *testing.T) {
	f := newFixture(t)
	for i := range keysPageSize + 1 {
		f.put(t, access.Order{Dialect: clientele.OPM, Name: fmt.Sprintf("Partner %03d", i)})
	}
	b := f.as(t, viewer)
	b.get(keysPath+"?dialect=opm").want(http.StatusOK).has("Partner 100", "Partner 001", `href="/console/keys?before=2&amp;dialect=opm"`).lacks("Partner 000")
	b.get(keysPath+"?dialect=opm&before=2").want(http.StatusOK).has("Partner 000", `href="/console/keys?dialect=opm"`).lacks("Partner 001", `rel="next"`)
}

func TestKeys_AreExportedAsTheyAreFiltered(t *testing.T) {
	f := newFixture(t)
	for i := range keysPageSize + 1 {
		f.put(t, access.Order{Dialect: clientele.OPM, Name: fmt.Sprintf("Partner %03d", i)})
	}
	f.put(t, access.Order{Dialect: clientele.DKHardware, Name: "=1+1", ClientID: "@client", Secret: "a-secret-of-theirs"})
	b := f.as(t, viewer)
	csv := b.get(keysPath + "?dialect=opm&before=50&format=csv").want(http.StatusOK)
	lines := strings.Split(strings.TrimSpace(csv.body), "\r\n")
	if len(lines) != keysPageSize+2 || !strings.HasPrefix(lines[0], "id,partner,state,") || !strings.HasPrefix(lines[1], "101,Partner 100,active,opm,Harbour Outfitters,opm_") {
		t.Errorf("%d lines: %q, …", len(lines), lines[:2])
	}
	b.get(keysPath+"?dialect=dkhardware&format=csv").want(http.StatusOK).has(",'=1+1,", ",'@client,", ",200,100,").lacks("a-secret")
	b.get(keysPath+"?dialect=dkhardware&format=ndjson").want(http.StatusOK).
		has(`"partner":"=1+1"`, `"begins_with":null`, `"client_id":"@client"`, `"reads_per_minute":200`, `"last_used_at":null`).lacks("a-secret")
	f.as(t, owner).get("/console/audit").has("keys as csv", "keys as ndjson")
}

func TestKeys_RevokingWarns(t *testing.T) {
	f := newFixture(t)
	b := f.as(t, owner)
	c := f.put(t, access.Order{Dialect: clientele.OPM, Name: "Partner"})
	path := keysPath + "/" + idText(c.ID)
	b.get(path+"/revoke").want(http.StatusOK).has("never used", `method="post"`)
	for _, use := range []struct {
		ago  time.Duration
		tone string
		text string
	}{
		{24*time.Hour + time.Microsecond, "", "more than 24 hours ago"},
		{24 * time.Hour, `class="notice bad"`, "was used in the last 24 hours, last at 21 Nov 2026 10:00:00"},
	} {
		check(t, f.store.TouchCredentials(t.Context(), map[int64]time.Time{c.ID: f.clock.Now().Add(-use.ago)}))
		got := b.get(path+"/revoke").want(http.StatusOK).has(use.text, use.tone)
		if use.tone == "" {
			got.lacks(`class="notice`)
		}
	}
	if got := f.credentials(t)[0]; !got.RevokedAt.IsZero() {
		t.Error("to look is to revoke")
	}
	b.get(keysPath + "/99/revoke").want(http.StatusNotFound)
	b.post(keysPath + "/99/revoke").want(http.StatusNotFound)
}

func TestKeys_AreRotatedAsLongAsTheyAreActive(t *testing.T) {
	f := newFixture(t)
	b := f.as(t, owner)
	c := f.put(t, access.Order{Dialect: clientele.OPM, Name: "Partner", ExpiresAt: f.clock.Now().Add(time.Hour)})
	path := keysPath + "/" + idText(c.ID)
	once := b.get(path).once()
	for _, form := range [][]string{{"overlap", "custom", "custom", ""}, {"overlap", "custom", "custom", "soon"}, {"overlap", "custom", "custom", "-1h"}, {"overlap", "ever"}} {
		b.post(path+"/rotate", append(form, "once", once)...).want(http.StatusUnprocessableEntity).has("is no time such as")
	}
	b.post(path+"/rotate", "once", once, "overlap", "custom", "custom", "3d").want(http.StatusOK).has("25 Nov 2026 10:00:00")
	once = b.get(path).once()
	f.clock.move(time.Hour)
	b.get(path).want(http.StatusOK).has("expired").lacks("once")
	b.post(path+"/rotate", "once", once, "overlap", "1h").want(http.StatusConflict).has("issue a new one")
	if strings.Count(f.as(t, viewer).get(path).want(http.StatusOK).body, "<form method=\"post\"") > 1 {
		t.Error("a viewer is offered a form besides the one to log out") // the layout's
	}
}

func TestKeys_ViewersAndEditorsReadAndChangeNothing(t *testing.T) {
	f := newFixture(t)
	c := f.put(t, access.Order{Dialect: clientele.OPM, Name: "Partner"})
	path := keysPath + "/" + idText(c.ID)
	for _, role := range []clientele.Role{viewer, editor} {
		b := f.as(t, role)
		b.get(keysPath).want(http.StatusOK).has("Partner", c.Hint).lacks("Issue a key")
		b.get(path).want(http.StatusOK).has(c.Hint).lacks("once", "Rotate", "Revoke …", "Change limits")
		for _, owners := range []string{keysPath + "/new", path + "/revoke"} {
			b.get(owners).want(http.StatusForbidden)
		}
		for _, act := range []string{keysPath, path + "/limits", path + "/rotate", path + "/revoke", projectsPath, publishersPath, publishersPath + "/1", "/console/p/1/campaigns", "/console/p/1/campaigns/1"} {
			b.post(act, "name", "X", "do", "pause", "reads", "1", "writes", "1", "overlap", "1h").want(http.StatusForbidden)
		}
	}
	if got := f.credentials(t); len(got) != 1 || !got[0].RevokedAt.IsZero() || got[0].ReadsPerMinute != 0 {
		t.Errorf("the keys are %v", got)
	}
}

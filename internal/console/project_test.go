package console

import (
	"net/http"
	"strings"
	"testing"

	"clientele"
	"clientele/internal/access"
	"clientele/internal/sqlite"
)

func TestProjects_AreCreatedByOwners(t *testing.T) {
	onBothStores(t, func(t *testing.T, f *fixture) {
		b := f.as(t, owner)
		for _, c := range []struct{ name, zone, problem string }{
			{"", "UTC", "1 to 100 characters"},
			{strings.Repeat("x", 101), "UTC", "1 to 100 characters"},
			{"Shop", "Mars/Olympus", "no time zone"},
			{"Shop", "", "no time zone"},
			{"Shop", "Local", "no time zone"},
			{f.project.Name, "UTC", "exists already"},
		} {
			b.post(projectsPath, "name", c.name, "time_zone", c.zone).want(http.StatusUnprocessableEntity).has(c.problem)
		}
		b.post(projectsPath, "name", "  Maple Street  ", "time_zone", "America/New_York").goesTo(projectsPath)
		f.put(t, access.Order{Dialect: clientele.OPM, Name: "P"})
		revoked := f.put(t, access.Order{Dialect: clientele.OPM, Name: "Q"})
		check(t, f.store.RevokeCredential(t.Context(), revoked.ID, f.clock.Now()))
		b.get(projectsPath).want(http.StatusOK).has("Maple Street", "America/New_York", "was created", `>1<span class="hidden"> keys of Harbour Outfitters</span></a>`,
			`>0<span class="hidden"> keys of Maple Street</span></a>`)
		projects, err := f.store.ListProjects(t.Context())
		check(t, err)
		id := idText(projects[1].ID)
		b.get("/console/audit?project="+id).want(http.StatusOK).has("project.create", "project "+id)
	})
}

func TestProjects_WithoutOneEverythingLeadsThere(t *testing.T) {
	s, err := sqlite.Open(t.Context(), t.TempDir())
	check(t, err)
	f := furnishEmpty(t, s)
	b := f.as(t, owner)
	b.get(root).goesTo(projectsPath)
	b.get(projectsPath).want(http.StatusOK).has("There is no project yet", "Create project", `aria-current="page"`)
	b.get(keysPath + "/new?dialect=opm").goesTo(projectsPath)
	f.as(t, viewer).get(projectsPath).want(http.StatusOK).has("An owner can create").lacks("Create project")
	b.post(projectsPath, "name", "First", "time_zone", "UTC").goesTo(projectsPath)
	b.get(root).want(http.StatusOK).has("Overview")
}

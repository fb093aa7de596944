package console

import (
	"net/http"
	"strings"
	"testing"

	"clientele"
)

func TestExport_OfWhatOwnersManage(t *testing.T) {
	onBothStores(t, func(t *testing.T, f *fixture) {
		b := f.as(t, owner)
		b.post(f.projectPath("/campaigns"), "name", "=Autumn", "landing_url", "https://shop.example.com/").want(http.StatusSeeOther)
		b.post("/console/publishers", "name", "@Newsletter").want(http.StatusSeeOther)
		for path, want := range map[string]string{
			"/console/projects":         f.project.Name,
			"/console/operators":        b.email,
			"/console/publishers":       "'@Newsletter",
			f.projectPath("/campaigns"): "'=Autumn",
			"/console/audit":            "campaign.create",
		} {
			file := b.get(path + "?format=csv").want(http.StatusOK).has(want)
			if got := file.Header.Get("Content-Disposition"); !strings.HasPrefix(got, "attachment;") {
				t.Errorf("%s: disposition %q", path, got)
			}
			b.get(path+"?format=ndjson").want(http.StatusOK).has(strings.TrimPrefix(want, "'")).lacks("argon2id", `"'`)
			b.get(path + "?format=xlsx").want(http.StatusUnprocessableEntity)
		}
		b.get("/console/audit?operator=999&format=csv").want(http.StatusOK).lacks("campaign.create")
		f.as(t, clientele.RoleEditor).get("/console/audit?format=csv").want(http.StatusForbidden)
	})
}

func (f *fixture) projectPath(path string) string { return projectURL(f.project.ID, path) }

package console

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"time"

	"clientele"
	"clientele/internal/access"
)

const projectsPath = root + "projects"

type projectStore interface {
	CreateProject(ctx context.Context, p clientele.Project) (clientele.Project, error)
}

// projectsPage lists the projects, and has the form for one more.
type projectsPage struct {
	// Keys and Campaigns count those that work now, by project.
	Keys, Campaigns map[int64]int
	Name, TimeZone  string
	Problems        map[string]string
}

func (c *Console) showProjects(r *request) (answer, error) {
	return c.projects(r, projectsPage{TimeZone: clientele.DefaultTimeZone}, http.StatusOK)
}

// projects counts what the operator has made: both lists are short, however many customers a project has.
func (c *Console) projects(r *request, p projectsPage, status int) (answer, error) {
	credentials, err := c.Store.ListCredentials(r.Context())
	if err != nil {
		return answer{}, err
	}
	campaigns, err := c.Store.ListCampaigns(r.Context())
	if err != nil {
		return answer{}, err
	}
	p.Keys, p.Campaigns = map[int64]int{}, map[int64]int{}
	for i := range credentials {
		if access.StateOf(&credentials[i], c.Now()) != access.StateActive {
			continue
		}
		for _, g := range credentials[i].Grants {
			p.Keys[g.ProjectID]++
		}
	}
	for _, one := range campaigns {
		if one.PausedAt.IsZero() {
			p.Campaigns[one.ProjectID]++
		}
	}
	return view("Projects", projectsView(r, p)).withStatus(status), nil
}

// saveProject creates a project.
func (c *Console) saveProject(r *request) (answer, error) {
	p := projectsPage{
		Name: strings.TrimSpace(r.PostFormValue("name")), TimeZone: strings.TrimSpace(r.PostFormValue("time_zone")),
		Problems: map[string]string{},
	}
	noteProblem(p.Problems, clientele.CheckName(p.Name))
	noteProblem(p.Problems, clientele.CheckTimeZone(p.TimeZone))
	if len(p.Problems) > 0 {
		return c.projects(r, p, http.StatusUnprocessableEntity)
	}
	created, err := c.Store.CreateProject(r.Context(), clientele.Project{Name: p.Name, TimeZone: p.TimeZone, CreatedAt: c.moment()})
	if clientele.KindOf(err) == clientele.KindConflict {
		p.Problems["name"] = sentence(fmt.Sprintf("a project named %q exists already", p.Name))
		return c.projects(r, p, http.StatusUnprocessableEntity)
	}
	if err != nil {
		return answer{}, err
	}
	if err := r.auditIn(created.ID, "project.create", fmt.Sprintf("project %d", created.ID)); err != nil {
		return answer{}, err
	}
	r.flash("The project " + created.Name + " was created. Issue a key to let a partner in.")
	return seeOther(projectsPath), nil
}

// moment is now in the precision of the stores.
func (c *Console) moment() time.Time { return c.Now().UTC().Truncate(time.Microsecond) }

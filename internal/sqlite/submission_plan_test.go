package sqlite

import (
	"maps"
	"strings"
	"testing"
	"time"

	"clientele"
)

// submissionsOfRequests accepts submissions, one of which is carried out at once and one later.
func submissionsOfRequests(t *testing.T, s *Store, project int64) {
	t.Helper()
	submit := func(id string) clientele.Write {
		w := upsert(project, id, id+"@example.com")
		c := *w.Customer
		c.Mode = clientele.CreateCustomer
		w.Customer, w.Submission = nil, &clientele.Submission{
			ID: id, ProjectID: project, Origin: w.Origin, AcceptedAt: moment(), Status: clientele.Accepted, Write: c,
		}
		return w
	}
	once := submit("at-once")
	once.Customer = &once.Submission.Write
	mustCommit(t, s, once)
	mustCommit(t, s, submit("later"))
	projects, err := s.ProjectsWithSubmissions(t.Context())
	if err != nil || len(projects) != 1 {
		t.Fatalf("projects %v, %v", projects, err)
	}
	list, err := s.ClaimSubmissions(t.Context(), project, clientele.Claim{Lease: "x", At: moment(), Until: moment().Add(time.Minute)}, 5)
	if err != nil || len(list) != 1 {
		t.Fatalf("%d claimed, %v", len(list), err)
	}
	mustCommit(t, s, clientele.Write{
		ProjectID: project, At: moment(), Origin: list[0].Origin, Customer: &list[0].Write,
		Completes: &clientele.Completion{SubmissionID: "later", Lease: "x"},
	})
	if err := s.ReleaseSubmissions(t.Context(), project, "x"); err != nil {
		t.Fatal(err)
	}
}

// TestQueries_OfSubmissionsReadFew: what looks for submissions finds them by their id, or among those that wait. Most indexes of
// the table begin with the project, and a plan that uses no more of one reads all of the project's submissions.
func TestQueries_OfSubmissionsReadFew(t *testing.T) {
	s, project := newStore(t)
	before := maps.Clone(s.stmts)
	r := recordReads(t, s)
	submissionsOfRequests(t, s, project)
	for query := range s.stmts {
		if before[query] == nil {
			r.queries[query] = true
		}
	}
	searched := 0
	for query := range r.queries {
		for _, step := range explain(t, s, query) {
			if !strings.HasPrefix(step, "SEARCH submission ") {
				continue
			}
			searched++
			if strings.HasSuffix(step, "(project_id=?)") && !strings.Contains(step, "INDEX submission_unfinished") {
				t.Errorf("%s\n  in %s", step, query)
			}
		}
	}
	if searched < 6 {
		t.Errorf("%d searches were looked at: too few to be all", searched)
	}
}

package console

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"clientele"
	"clientele/internal/book"
)

// submissionStore lists what partners submitted.
type submissionStore interface {
	ListSubmissions(ctx context.Context, f clientele.SubmissionFilter) ([]clientele.Submission, error)
	FindSubmission(ctx context.Context, project int64, id string) (clientele.Submission, error)
	ListCredentials(ctx context.Context) ([]clientele.Credential, error)
}

// Submitter submits again what failed.
type Submitter interface {
	Resubmit(ctx context.Context, call book.Call, failed *clientele.Submission) (string, error)
}

var _ Submitter = (*book.Book)(nil)

// submissionPageSize is how many submissions a page shows.
const submissionPageSize = 100

// submissionsPage lists submissions, the newest first.
type submissionsPage struct {
	Submissions []clientele.Submission
	Credentials []clientele.Credential
	Filter      clientele.SubmissionFilter
	Problem     string
	Pages       pages
}

func (c *Console) showSubmissions(r *request) (answer, error) {
	f, err := r.submissionFilter()
	p := submissionsPage{Filter: f}
	if err != nil {
		p.Problem = err.Error()
	}
	f.Limit = submissionPageSize + 1
	if p.Submissions, err = c.Store.ListSubmissions(r.Context(), f); err != nil {
		return answer{}, err
	}
	if p.Credentials, err = c.submitters(r); err != nil {
		return answer{}, err
	}
	if len(p.Submissions) > submissionPageSize {
		p.Submissions = p.Submissions[:submissionPageSize]
		p.Pages.Next = r.pathWith("before", placeText(p.Submissions[submissionPageSize-1].Position()))
	}
	if f.Before != nil {
		p.Pages.First = r.pathWith("before", "")
	}
	return view("Submissions", submissionsView(r, p)), nil
}

// submissionFilter reads the query. The error says which part of it was left out.
func (r *request) submissionFilter() (clientele.SubmissionFilter, error) {
	q := r.URL.Query()
	f := clientele.SubmissionFilter{
		ProjectID: r.Project.ID, CredentialID: r.numberOf("credential"), Before: placeOf(q.Get("before")),
	}
	if status := clientele.SubmissionStatus(q.Get("status")); slices.Contains(submissionStatuses, status) {
		f.Status = status
	}
	var err error
	if f.From, err = r.queryDay("from"); err != nil {
		return f, err
	}
	if f.To, err = r.queryDay("to"); err == nil && !f.To.IsZero() {
		f.To = f.To.AddDate(0, 0, 1).Add(-time.Microsecond)
	}
	f.From, f.To = f.From.UTC(), f.To.UTC()
	return f, err
}

var submissionStatuses = []clientele.SubmissionStatus{clientele.Accepted, clientele.Processing, clientele.Succeeded, clientele.Failed}

func submissionStatusChoices() []choice {
	list := []choice{{"", "Any status"}}
	for _, s := range submissionStatuses {
		list = append(list, choice{string(s), string(s)})
	}
	return list
}

// dayForm is a date as a date field has it.
const dayForm = "2006-01-02"

// queryDay returns the beginning of a day of the query in the zone of the project; zero for none.
func (r *request) queryDay(name string) (time.Time, error) {
	value := strings.TrimSpace(r.URL.Query().Get(name))
	if value == "" {
		return time.Time{}, nil
	}
	at, err := time.ParseInLocation(dayForm, value, r.zone)
	if err != nil {
		return time.Time{}, fmt.Errorf("%q is no date such as 2027-01-31, so it does not filter", name)
	}
	return at, nil
}

// placeText is a place in a list as a part of a URL, and placeOf reads it; nil for what is none.
func placeText(p *clientele.Position) string { return fmt.Sprintf("%d-%d", p.At.UnixMicro(), p.ID) }

func placeOf(text string) *clientele.Position {
	at, id, _ := strings.Cut(text, "-")
	micros, err := strconv.ParseInt(at, 10, 64)
	if err != nil {
		return nil
	}
	seq, err := strconv.ParseInt(id, 10, 64)
	if err != nil {
		return nil
	}
	return &clientele.Position{At: time.UnixMicro(micros).UTC(), ID: seq}
}

// submitters returns the credentials that can submit into the project of the request.
func (c *Console) submitters(r *request) ([]clientele.Credential, error) {
	list, err := c.Store.ListCredentials(r.Context())
	return slices.DeleteFunc(list, func(cr clientele.Credential) bool {
		return cr.Dialect != clientele.DKHardware ||
			!slices.ContainsFunc(cr.Grants, func(g clientele.Grant) bool { return g.ProjectID == r.Project.ID })
	}), err
}

func (p submissionsPage) credentialChoices() []choice {
	list := []choice{{"", "All partners"}}
	for _, cr := range p.Credentials {
		list = append(list, choice{idText(cr.ID), cr.Name})
	}
	return list
}

// senderName tells who submitted.
func senderName(list []clientele.Credential, o clientele.Origin) string {
	for _, cr := range list {
		if cr.ID == o.CredentialID {
			return cr.Name
		}
	}
	if o.CredentialID == 0 {
		return dialectName(o.Dialect)
	}
	return fmt.Sprintf("credential %d", o.CredentialID)
}

// submissionPage is one submission.
type submissionPage struct {
	Submission  clientele.Submission
	Credentials []clientele.Credential
	// Now is how long one has been waiting that is not finished.
	Now time.Time
}

func (c *Console) showSubmission(r *request) (answer, error) {
	s, err := c.Store.FindSubmission(r.Context(), r.Project.ID, r.param("submission"))
	if err != nil {
		return answer{}, err
	}
	p := submissionPage{Submission: s, Now: c.Now()}
	if p.Credentials, err = c.submitters(r); err != nil {
		return answer{}, err
	}
	return view("Submission", submissionView(r, p)), nil
}

// resubmit submits the write of a failed submission again, as a new one.
func (c *Console) resubmit(r *request) (answer, error) {
	s, err := c.Store.FindSubmission(r.Context(), r.Project.ID, r.param("submission"))
	if err != nil {
		return answer{}, err
	}
	if err := r.audit("submission.resubmit", "submission "+s.ID); err != nil {
		return answer{}, err
	}
	id, err := c.Submitter.Resubmit(r.Context(), book.Call{ProjectID: r.Project.ID, Origin: r.origin()}, &s)
	if err != nil {
		return answer{}, err
	}
	r.flash("It was submitted again, as this new submission. The partner's stays as it was.")
	return seeOther(r.projectURL("/submissions/" + id)), nil
}

// canResubmit reports whether submitting again is offered.
func (p submissionPage) canResubmit(r *request) bool {
	return r.can(editor) && p.Submission.Status == clientele.Failed && p.Submission.Damage == nil &&
		p.Submission.Failure != clientele.PersonErased
}

// waited is how long a submission waited to be carried out, or has been waiting.
func (p submissionPage) waited() time.Duration {
	if p.Submission.StartedAt.IsZero() {
		return p.Now.Sub(p.Submission.AcceptedAt)
	}
	return p.Submission.StartedAt.Sub(p.Submission.AcceptedAt)
}

// took is how long carrying it out took; 0 while it is not finished.
func (p submissionPage) took() time.Duration {
	if p.Submission.FinishedAt.IsZero() || p.Submission.StartedAt.IsZero() {
		return 0
	}
	return p.Submission.FinishedAt.Sub(p.Submission.StartedAt)
}

// submissionTone is the colour of a status.
func submissionTone(s clientele.SubmissionStatus) string {
	switch s {
	case clientele.Succeeded:
		return "good"
	case clientele.Failed:
		return "bad"
	case clientele.Processing:
		return "warn"
	default:
		return ""
	}
}

// failureWords says why a submission failed; "" while it has not.
func failureWords(s *clientele.Submission) string {
	switch s.Failure {
	case "":
		return ""
	case clientele.CustomerMissing:
		return "There is no customer “" + printable(s.Target) + "” in the project."
	case clientele.PersonErased:
		return "The customer was erased after this was accepted. What was submitted is gone, too."
	case clientele.KeyTaken:
		return "A unique id that it states belongs to another customer."
	default:
		return "The book refused it. The server's log tells the cause under the submission's id."
	}
}

// submissionKind says what a submission does.
func submissionKind(s *clientele.Submission) string {
	switch {
	case s.Damage != nil:
		return "Unreadable"
	case s.Write.Mode == clientele.UpdateCustomer:
		return "Update"
	default:
		return "Create"
	}
}

// statedValue is a field of a write with the value that it states.
type statedValue struct {
	Label string
	Value clientele.Text
}

// stated returns the fields that a submission's write states, in the order in which they are stored.
func (p submissionPage) stated() (list []statedValue) {
	patch := &p.Submission.Write.Patch
	for f := range patch.Set.All {
		list = append(list, statedValue{columnLabel(f.String()), *patch.Of(f)})
	}
	return list
}

// statedAddress returns the texts that are there of an address.
func statedAddress(a *clientele.Address) (list []statedValue) {
	for _, t := range a.Texts() {
		if t.Text.Valid {
			list = append(list, statedValue{columnLabel(t.Name), *t.Text})
		}
	}
	return list
}

// submittedAddressTitle names an address of a submission.
func submittedAddressTitle(n int, a *clientele.Address) string {
	title := fmt.Sprintf("Address %d", n+1)
	if a.IsDefaultBilling {
		title += ", default for billing"
	}
	if a.IsDefaultShipping {
		title += ", default for shipping"
	}
	return title
}

// columnLabel makes words of the name of a column: first_name is First name.
func columnLabel(name string) string {
	switch name {
	case "ip":
		return "IP"
	case "vat_number":
		return "VAT number"
	}
	label := strings.ReplaceAll(name, "_", " ")
	return strings.ToUpper(label[:1]) + label[1:]
}

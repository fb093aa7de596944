package console

import (
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"clientele"
	"clientele/internal/access"
)

// issueKeyPage is the form that issues a key. Without a dialect it asks for that first: the rest depends on it.
type issueKeyPage struct {
	Dialect clientele.Dialect
	Terms   access.Terms
	Once    string
	// What was filled in. A secret is not shown again.
	Projects                     []string
	Name, Reads, Writes, Expires string
	ClientID, CustomerKeys       string
	Scopes                       []string
	Problems                     map[string]string
}

func (c *Console) showNewKey(r *request) (answer, error) {
	q := r.URL.Query()
	p := issueKeyPage{Dialect: clientele.Dialect(q.Get("dialect")), Projects: q["project"]}
	if len(r.Projects) == 0 {
		r.flash("A key opens a project: create one first.")
		return seeOther(projectsPath), nil
	}
	if p.Dialect == "" {
		return view("Issue a key", chooseDialectView(r, p)), nil
	}
	terms, found := access.TermsOf(p.Dialect)
	if !found {
		return answer{}, clientele.Errorf(clientele.KindNotFound, "There are no keys of such a dialect")
	}
	p.Scopes, p.Reads, p.Writes = terms.Scopes, strconv.Itoa(terms.ReadsPerMinute), strconv.Itoa(terms.WritesPerMinute)
	if len(r.Projects) == 1 {
		p.Projects = []string{idText(r.Projects[0].ID)}
	}
	return newKeyAnswer(r, p), nil
}

func newKeyAnswer(r *request, p issueKeyPage) answer {
	p.Terms, _ = access.TermsOf(p.Dialect)
	p.Once = r.onceToken()
	return view("Issue a key", newKeyView(r, p))
}

// looseProblems are those of fields that the form of the dialect does not have: no browser sends them.
func (p issueKeyPage) looseProblems() []string {
	var list []string
	for name, problem := range p.Problems {
		isShown := slices.Contains([]string{"name", "project", "expires", "reads", "writes", "secret"}, name) ||
			name == "scope" && len(p.Terms.Scopes) > 0 || name == "client-id" && p.Terms.HasClientID ||
			name == "customer-key" && p.Terms.OpensSeveral
		if !isShown {
			list = append(list, problem)
		}
	}
	slices.Sort(list)
	return list
}

// saveKey issues a key and shows its secret, this once.
func (c *Console) saveKey(r *request) (answer, error) {
	p, order := r.keyOrder(c)
	again := func() (answer, error) {
		return newKeyAnswer(r, p).withStatus(http.StatusUnprocessableEntity), nil
	}
	if _, found := access.TermsOf(p.Dialect); !found {
		return answer{}, clientele.Errorf(clientele.KindInvalid, "there is no such dialect")
	}
	if len(p.Problems) > 0 {
		return again()
	}
	bits, err := r.onceBits("a new key of " + string(p.Dialect))
	if err != nil {
		return answer{}, err
	}
	isBrought := order.Secret != ""
	if !isBrought {
		order.Secret = access.SecretOf(p.Dialect, bits)
	}
	issued, err := access.Issue(r.Context(), c.Store, order, c.moment())
	switch {
	case noteProblem(p.Problems, err):
		return again()
	case clientele.KindOf(err) == clientele.KindConflict && (isBrought || !c.isKnown(r, p.Dialect, order.Secret)):
		p.Problems[map[bool]string{true: "secret", false: "client-id"}[isBrought]] = "This is in use by another key."
		return again()
	case clientele.KindOf(err) == clientele.KindConflict:
		return answer{}, errSentBefore
	case err != nil:
		return answer{}, err
	}
	k := c.keyOf(issued.Credential)
	if err := r.auditIn(k.soleProject(), "key.issue", k.subject()); err != nil {
		return answer{}, err
	}
	c.Guard.ForgetAll()
	return c.showIssued(r, issued, time.Time{})
}

// errSentBefore answers a form that was carried out already: a reload of the page that showed the secret.
var errSentBefore = clientele.Errorf(clientele.KindConflict,
	"This form was carried out already, so nothing was done now. Its secret is not shown again: if it is lost, rotate the key for a new one")

// isKnown reports whether a secret belongs to a key already.
func (c *Console) isKnown(r *request, d clientele.Dialect, secret string) bool {
	_, _, err := c.Store.FindCredentialBySecret(r.Context(), clientele.HashSecret(d, access.Canonical(secret)))
	return err == nil
}

// keyOrder reads the form.
func (r *request) keyOrder(c *Console) (issueKeyPage, access.Order) {
	p := issueKeyPage{
		Dialect: clientele.Dialect(r.PostFormValue("dialect")), Projects: r.PostForm["project"],
		Name: strings.TrimSpace(r.PostFormValue("name")), Reads: strings.TrimSpace(r.PostFormValue("reads")),
		Writes: strings.TrimSpace(r.PostFormValue("writes")), Expires: strings.TrimSpace(r.PostFormValue("expires")),
		ClientID: strings.TrimSpace(r.PostFormValue("client_id")), CustomerKeys: strings.TrimSpace(r.PostFormValue("customer_keys")),
		Scopes: r.PostForm["scope"], Problems: map[string]string{},
	}
	order := access.Order{
		Dialect: p.Dialect, Name: p.Name, ClientID: p.ClientID, Secret: strings.TrimSpace(r.PostFormValue("secret")),
		ProjectKeys: strings.Fields(p.CustomerKeys),
		Scopes:      append([]string{}, p.Scopes...), // none is none, and not all
	}
	if terms, _ := access.TermsOf(p.Dialect); len(terms.Scopes) > 0 && len(p.Scopes) == 0 {
		p.Problems["scope"] = "Without a scope the key opens nothing."
	}
	for _, text := range p.Projects {
		i := slices.IndexFunc(r.Projects, func(one clientele.Project) bool { return idText(one.ID) == text })
		if i < 0 {
			p.Problems["project"] = "There is no such project."
			continue
		}
		order.Projects = append(order.Projects, r.Projects[i])
	}
	reads, writes := readLimit("reads", p.Reads, p.Problems), readLimit("writes", p.Writes, p.Problems)
	order.ReadsPerMinute, order.WritesPerMinute = &reads, &writes
	var err error
	order.ExpiresAt, err = access.ParseExpiry(p.Expires, c.moment())
	noteProblem(p.Problems, err)
	return p, order
}

// readLimit reads how many calls a minute are allowed.
func readLimit(name, text string, problems map[string]string) int {
	n, err := strconv.ParseInt(text, 10, 32)
	if err != nil || n < 0 {
		problems[name] = "A limit is a number of calls a minute, 0 for none."
		return 0
	}
	return int(n)
}

// issuedPage shows the secret of a key, the only time.
type issuedPage struct {
	Key    key
	Values []access.Value
	Curls  []access.Curl
	// OldUntil is how long the former secrets work at most; zero for a new key.
	OldUntil time.Time
}

func (c *Console) showIssued(r *request, issued access.Issued, oldUntil time.Time) (answer, error) {
	p := issuedPage{
		Key: c.keyOf(issued.Credential), Values: issued.Values, Curls: access.Curls(r.serverURL(), issued), OldUntil: oldUntil,
	}
	if p.Key.Dialect == clientele.PrimeLead {
		more, err := c.registrationCurl(r, issued)
		if err != nil {
			return answer{}, err
		}
		p.Curls = append(p.Curls, more...)
	}
	return view("Key of "+p.Key.Name, issuedView(r, p)), nil
}

// registrationCurl is a call that registers an action, where there is a campaign and a publisher to name in it.
func (c *Console) registrationCurl(r *request, issued access.Issued) ([]access.Curl, error) {
	campaigns, err := c.Store.ListCampaigns(r.Context())
	if err != nil {
		return nil, err
	}
	publishers, err := c.Store.ListPublishers(r.Context())
	if err != nil {
		return nil, err
	}
	project := issued.Credential.Grants[0].ProjectID
	campaign := slices.IndexFunc(campaigns, func(one clientele.Campaign) bool { return one.ProjectID == project && one.PausedAt.IsZero() })
	publisher := slices.IndexFunc(publishers, func(one clientele.Publisher) bool { return one.PausedAt.IsZero() })
	if campaign < 0 || publisher < 0 {
		return nil, nil
	}
	a := access.Action{CampaignUUID: campaigns[campaign].UUID, PublisherUUID: publishers[publisher].UUID, At: c.Now()}
	for _, one := range r.Projects {
		if one.ID == project {
			a.At = a.At.In(zoneOf(one))
		}
	}
	return []access.Curl{access.RegistrationCurl(r.serverURL(), issued, a)}, nil
}

// valueLabel is the name of a value, with its project where there are several.
func (p issuedPage) valueLabel(r *request, v access.Value) string {
	if v.ProjectID != 0 && len(p.Key.Grants) > 1 {
		return v.Name + " of " + r.projectNamed(v.ProjectID)
	}
	return v.Name
}

// curls are the calls as they are pasted: those that need each other are one.
func (p issuedPage) curls() []access.Curl {
	if p.Key.Dialect != clientele.DKHardware || len(p.Curls) < 2 {
		return p.Curls
	}
	return []access.Curl{{Title: p.Curls[1].Title, Command: p.Curls[0].Command + "\n" + p.Curls[1].Command}}
}

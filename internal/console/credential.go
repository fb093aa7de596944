package console

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"clientele"
	"clientele/internal/access"
)

const keysPath = root + "keys"

// keysPageSize is how many keys a page shows.
const keysPageSize = 100

// expiringWithin is from when on a key counts as expiring: time enough to hand over another.
const expiringWithin = 14 * 24 * time.Hour

// credentialStore keeps keys, which the book calls credentials.
type credentialStore interface {
	access.Issuer
	access.Limiter
	FindCredentialBySecret(ctx context.Context, hash clientele.SecretHash) (clientele.Credential, time.Time, error)
	ListCredentials(ctx context.Context) ([]clientele.Credential, error)
	RevokeCredential(ctx context.Context, id int64, at time.Time) error
}

// Guard lets callers in. It remembers keys for a moment, and when they were used.
type Guard interface {
	// ForgetAll makes a change to a key count at once on this server; the store tells the others where it can.
	ForgetAll()
	// RecordUse stores when keys were last used on this server.
	RecordUse(ctx context.Context) error
}

var _ Guard = (*access.Access)(nil)

// The states that the list tells apart besides those of package access.
const stateExpiring access.State = "expiring"

// keyFilter selects keys of the list. The zero value of a field selects all.
type keyFilter struct {
	Project int64
	Dialect clientele.Dialect
	// State is one of package access, or stateExpiring, which are active too.
	State access.State
	// Name is a part of the partner's name, in any letter case.
	Name string
	// Before selects those with a lower id: the next page.
	Before int64
}

func (r *request) keyFilter() keyFilter {
	q := r.URL.Query()
	return keyFilter{
		Project: r.numberOf("project"), Dialect: clientele.Dialect(q.Get("dialect")), State: access.State(q.Get("state")),
		Name: strings.TrimSpace(q.Get("q")), Before: r.numberOf("before"),
	}
}

// selects reports whether the filter has the key in the list.
func (f keyFilter) selects(k key) bool {
	return (f.Project == 0 || k.opens(f.Project)) &&
		(f.Dialect == "" || f.Dialect == k.Dialect) &&
		(f.State == "" || f.State == k.State || f.State == access.StateActive && k.State == stateExpiring) &&
		(f.Name == "" || strings.Contains(strings.ToLower(k.Name), strings.ToLower(f.Name))) &&
		(f.Before == 0 || k.ID < f.Before)
}

// key is a credential as the pages show it.
type key struct {
	clientele.Credential
	State access.State
}

func (k *key) opens(project int64) bool {
	return slices.ContainsFunc(k.Grants, func(g clientele.Grant) bool { return g.ProjectID == project })
}

// isActive reports whether the key lets anybody in now.
func (k *key) isActive() bool { return k.State == access.StateActive || k.State == stateExpiring }

// path is the key's page, or one below it: path("/revoke").
func (k *key) path(below string) string { return fmt.Sprintf("%s/%d%s", keysPath, k.ID, below) }

func (k *key) subject() string { return credentialSubject(k.ID) }

func credentialSubject(id int64) string { return fmt.Sprintf("credential %d", id) }

// soleProject is the one project that the key opens; 0 when there are several.
func (k *key) soleProject() int64 {
	if len(k.Grants) == 1 {
		return k.Grants[0].ProjectID
	}
	return 0
}

func (c *Console) keyOf(credential clientele.Credential) key {
	now := c.Now()
	k := key{credential, access.StateOf(&credential, now)}
	if k.State == access.StateActive && !k.ExpiresAt.IsZero() && k.ExpiresAt.Sub(now) <= expiringWithin {
		k.State = stateExpiring
	}
	return k
}

// keysPage lists the keys, the newest first, without their secrets.
type keysPage struct {
	Keys   []key
	Filter keyFilter
	Pages  pages
	// IsEmpty says that there is no key at all.
	IsEmpty bool
}

func (c *Console) showKeys(r *request) (answer, error) {
	all, err := c.Store.ListCredentials(r.Context())
	if err != nil {
		return answer{}, err
	}
	p := keysPage{Filter: r.keyFilter(), IsEmpty: len(all) == 0}
	for _, credential := range slices.Backward(all) {
		if k := c.keyOf(credential); p.Filter.selects(k) {
			p.Keys = append(p.Keys, k)
		}
		if len(p.Keys) > keysPageSize {
			p.Keys = p.Keys[:keysPageSize]
			p.Pages.Next = r.pathWith("before", idText(p.Keys[keysPageSize-1].ID))
			break
		}
	}
	if p.Filter.Before != 0 {
		p.Pages.First = r.pathWith("before", "")
	}
	return view("Keys", keysView(r, p)), nil
}

// exportKeys returns the keys that the page's filter selects, without their secrets.
func (c *Console) exportKeys(r *request) (export, error) {
	all, err := c.Store.ListCredentials(r.Context())
	if err != nil {
		return export{}, err
	}
	f := r.keyFilter()
	f.Before = 0
	return exportOf("keys", r.keyColumns(), func(yield func(key, error) bool) {
		for _, credential := range slices.Backward(all) {
			if k := c.keyOf(credential); f.selects(k) && !yield(k, nil) {
				return
			}
		}
	}), nil
}

func (r *request) keyColumns() []column[key] {
	return []column[key]{
		{"id", func(k *key) any { return k.ID }},
		{"partner", func(k *key) any { return k.Name }},
		{"state", func(k *key) any { return string(k.State) }},
		{"dialect", func(k *key) any { return string(k.Dialect) }},
		{"projects", func(k *key) any { return r.projectNames(k) }},
		{"begins_with", func(k *key) any { return clientele.NonEmpty(k.Hint) }},
		{"client_id", func(k *key) any { return k.ClientID }},
		{"scopes", func(k *key) any { return strings.Join(k.Scopes, " ") }},
		{"reads_per_minute", func(k *key) any { return k.ReadsPerMinute }},
		{"writes_per_minute", func(k *key) any { return k.WritesPerMinute }},
		{"created_at", func(k *key) any { return k.CreatedAt }},
		{"expires_at", func(k *key) any { return k.ExpiresAt }},
		{"revoked_at", func(k *key) any { return k.RevokedAt }},
		{"last_used_at", func(k *key) any { return k.LastUsedAt }},
	}
}

// key returns the one that the URL names.
func (c *Console) key(r *request) (key, error) {
	id, err := r.id("key")
	if err != nil {
		return key{}, err
	}
	credential, err := c.Store.FindCredential(r.Context(), id)
	if clientele.KindOf(err) == clientele.KindNotFound {
		return key{}, clientele.Errorf(clientele.KindNotFound, "There is no key %d", id)
	}
	return c.keyOf(credential), err
}

// keyPage shows a key, with what an owner can do about it.
type keyPage struct {
	Key key
	// Once is of the form that rotates.
	Once string
	// Reads, Writes, Overlap and Custom are of the forms.
	Reads, Writes   string
	Overlap, Custom string
	Problems        map[string]string
}

func (c *Console) showKey(r *request) (answer, error) {
	k, err := c.key(r)
	if err != nil {
		return answer{}, err
	}
	return keyAnswer(r, keyPageOf(k)), nil
}

func keyPageOf(k key) keyPage {
	return keyPage{
		Key: k, Reads: fmt.Sprint(k.ReadsPerMinute), Writes: fmt.Sprint(k.WritesPerMinute), Overlap: defaultOverlap,
		Problems: map[string]string{},
	}
}

func keyAnswer(r *request, p keyPage) answer {
	p.Once = r.onceToken()
	return view("Key of "+p.Key.Name, keyView(r, p))
}

// projectNames are the projects that a key opens, in its order.
func (r *request) projectNames(k *key) string {
	names := make([]string, len(k.Grants))
	for i, g := range k.Grants {
		names[i] = r.projectNamed(g.ProjectID)
	}
	return strings.Join(names, ", ")
}

// perMinute is a limit in words.
func perMinute(n int) string {
	if n == 0 {
		return "no limit"
	}
	return number(n) + " a minute"
}

func stateChoices() []choice {
	return []choice{
		{"", "All states"},
		{string(access.StateActive), "Active"},
		{string(stateExpiring), "Expiring within 14 days"},
		{string(access.StateExpired), "Expired"},
		{string(access.StateRevoked), "Revoked"},
	}
}

// stateTone is the colour of a state.
func stateTone(s access.State) string {
	return map[access.State]string{
		access.StateActive: "good", stateExpiring: "warn", access.StateExpired: "bad", access.StateRevoked: "bad",
	}[s]
}

// noteProblem puts what is wrong with a form beside its field and reports whether err is that: the error of a bad value.
func noteProblem(problems map[string]string, err error) bool {
	e, ok := errors.AsType[*clientele.Error](err)
	if !ok || e.Kind != clientele.KindInvalid || e.Field == "" {
		return false
	}
	problems[e.Field] = sentence(e.Message)
	return true
}

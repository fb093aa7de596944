package access

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"clientele"

	"github.com/google/uuid"
)

// Issuer keeps credentials. Both stores are one.
type Issuer interface {
	// CreateCredential stores a new credential with its first secret and returns it with its id; kind conflict when the
	// secret is in use.
	CreateCredential(ctx context.Context, c clientele.Credential, secret clientele.SecretHash) (clientele.Credential, error)
	// FindCredential returns the credential with our id; kind not_found when there is none.
	FindCredential(ctx context.Context, id int64) (clientele.Credential, error)
	// RotateCredential gives a credential a new secret; the present ones work until oldUntil at the latest.
	RotateCredential(ctx context.Context, secret clientele.Secret, hint string, oldUntil time.Time) error
}

// Order says what credential to issue. Nil limits and scopes mean the dialect's defaults.
type Order struct {
	Dialect clientele.Dialect
	// Projects are the projects it opens: one, or for Onlinewerkrooster one or more.
	Projects        []clientele.Project
	Name            string
	Scopes          []string
	ReadsPerMinute  *int
	WritesPerMinute *int
	// ExpiresAt is zero for a credential that does not expire.
	ExpiresAt time.Time
	// ClientID is the public id the partner uses already, such as that of its client at an external issuer; empty to make
	// one. Only for a dialect that has one.
	ClientID string
	// ProjectKeys are the keys that name the projects in a call, one for each of Projects, which the partner uses already;
	// empty to make them. UUIDs, and only for a dialect that has them.
	ProjectKeys []string
	// Secret is one that the partner uses already; empty to make a new one.
	Secret string
}

// Issued is a new credential with what the partner needs to send. It is the only time that its secret is to be had.
type Issued struct {
	Credential clientele.Credential
	Values     []Value
}

// Value is one thing the partner has to send, under the name that the dialect's document gives it.
type Value struct {
	Name string
	Text string
	// ProjectID tells the values of several projects apart; 0 for one that concerns all.
	ProjectID int64
}

// terms are what a dialect's document calls things, and its limits.
type terms struct {
	secret   string
	clientID string // "" where the dialect has none
	project  string // the key that names the project in a call; "" where the dialect has none
	scopes   []string
	reads    int // a minute; 0 for no limit
	writes   int
}

var termsOf = map[clientele.Dialect]terms{
	clientele.OPM:               {secret: "x-api-key"},
	clientele.Onlinewerkrooster: {secret: "apikey", project: "CustomerKey"},
	clientele.PrimeLead:         {secret: "advertiserUUID"},
	clientele.DKHardware: {
		secret: "client_secret", clientID: "client_id", reads: 200, writes: 100,
		scopes: []string{
			"customers", "customers:create", "customers:update", "customers:status", "subscriptions", "subscriptions:edit",
		},
	},
}

// Terms are what a credential of a dialect can have, and gets when the order does not say.
type Terms struct {
	// Scopes are the dialect's, all of them the default; empty where it has none.
	Scopes []string
	// ReadsPerMinute and WritesPerMinute are the default limits, 0 for none.
	ReadsPerMinute, WritesPerMinute int
	// HasClientID says that a client id goes with the secret, OpensSeveral that one credential may open several projects.
	HasClientID, OpensSeveral bool
}

// TermsOf returns the terms of a dialect, and whether there are credentials of it.
func TermsOf(d clientele.Dialect) (Terms, bool) {
	t, ok := termsOf[d]
	return Terms{
		Scopes: slices.Clone(t.scopes), ReadsPerMinute: t.reads, WritesPerMinute: t.writes,
		HasClientID: t.clientID != "", OpensSeveral: t.project != "",
	}, ok
}

// Issue makes a credential. The error is of kind invalid when the order cannot be carried out as it stands, conflict when
// the secret is in use already.
func Issue(ctx context.Context, to Issuer, o Order, now time.Time) (Issued, error) {
	if err := o.check(); err != nil {
		return Issued{}, err
	}
	t := termsOf[o.Dialect]
	secret := o.Secret
	if secret == "" {
		secret = NewSecret(o.Dialect)
	}
	c := clientele.Credential{
		Dialect: o.Dialect, Name: o.Name, Hint: Hint(secret), Scopes: o.Scopes, CreatedAt: now, ExpiresAt: o.ExpiresAt,
		ReadsPerMinute: valueOr(o.ReadsPerMinute, t.reads), WritesPerMinute: valueOr(o.WritesPerMinute, t.writes),
	}
	if c.Scopes == nil {
		c.Scopes = t.scopes
	}
	var values []Value
	if t.clientID != "" {
		c.ClientID = clientele.Some(o.ClientID)
		if o.ClientID == "" {
			c.ClientID = clientele.Some(uuid.NewString())
		}
		values = append(values, Value{Name: t.clientID, Text: c.ClientID.V})
	}
	values = append(values, Value{Name: t.secret, Text: secret})
	for i, p := range o.Projects {
		g := clientele.Grant{ProjectID: p.ID}
		if t.project != "" {
			key := uuid.NewString()
			if len(o.ProjectKeys) > 0 {
				key = o.ProjectKeys[i]
			}
			g.KeyHash = clientele.HashSecret(o.Dialect, Canonical(key))
			values = append(values, Value{Name: t.project, Text: key, ProjectID: p.ID})
		}
		c.Grants = append(c.Grants, g)
	}
	c, err := to.CreateCredential(ctx, c, clientele.HashSecret(o.Dialect, Canonical(secret)))
	if err != nil {
		return Issued{}, fmt.Errorf("issue credential: %w", err)
	}
	return Issued{Credential: c, Values: values}, nil
}

func valueOr(v *int, otherwise int) int {
	if v != nil {
		return *v
	}
	return otherwise
}

func (o *Order) check() error {
	t, ok := termsOf[o.Dialect]
	badName := clientele.CheckName(strings.TrimSpace(o.Name))
	switch {
	case !ok:
		return refuse("dialect", "there is no dialect %q", o.Dialect)
	case badName != nil:
		return badName
	case len(o.Projects) == 0:
		return refuse("project", "a credential opens at least one project")
	case len(o.Projects) > 1 && t.project == "":
		return refuse("project", "a credential of %s opens one project", o.Dialect)
	case namesTwice(o.Projects):
		return refuse("project", "the same project is named twice")
	}
	if err := checkLimits(valueOr(o.ReadsPerMinute, 0), valueOr(o.WritesPerMinute, 0)); err != nil {
		return err
	}
	for _, s := range o.Scopes {
		if !slices.Contains(t.scopes, s) {
			return refuse("scope", "%s has no scope %q; it has: %s", o.Dialect, s, orNone(t.scopes))
		}
	}
	if err := o.checkProjectKeys(); err != nil {
		return err
	}
	if o.ClientID != "" && (t.clientID == "" || len(o.ClientID) > maxClientID || strings.ContainsAny(o.ClientID, " :\t\n")) {
		return refuse("client-id", "a client id is for dkhardware: 1 to %d characters, no blanks and no colons", maxClientID)
	}
	if o.Secret == "" {
		return nil
	}
	return checkSecret(o.Dialect, o.Secret)
}

func namesTwice(projects []clientele.Project) bool {
	for i, p := range projects {
		for _, other := range projects[:i] {
			if other.ID == p.ID {
				return true
			}
		}
	}
	return false
}

// checkProjectKeys checks keys that are brought along. No two are the same: they tell the projects apart.
func (o *Order) checkProjectKeys() error {
	if len(o.ProjectKeys) > 0 && (termsOf[o.Dialect].project == "" || len(o.ProjectKeys) != len(o.Projects)) {
		return refuse("customer-key", "a CustomerKey is for onlinewerkrooster, one for each project")
	}
	seen := map[string]bool{}
	for _, key := range o.ProjectKeys {
		if _, err := uuid.Parse(key); err != nil || len(key) != 36 {
			return refuse("customer-key", "a CustomerKey is a UUID")
		}
		if seen[Canonical(key)] {
			return refuse("customer-key", "two projects have the same CustomerKey")
		}
		seen[Canonical(key)] = true
	}
	return nil
}

// minSecret and maxSecret bound a secret that is brought along, in characters.
const (
	minSecret = 8
	maxSecret = 255
)

func checkSecret(d clientele.Dialect, secret string) error {
	if len(secret) < minSecret || len(secret) > maxSecret {
		return refuse("secret", "a secret has %d to %d characters", minSecret, maxSecret)
	}
	for _, r := range secret {
		if r <= ' ' || r > '~' {
			return refuse("secret", "a secret is sent in a header: it has printable ASCII characters and no blanks")
		}
	}
	if _, err := uuid.Parse(secret); d == clientele.PrimeLead && (err != nil || len(secret) != 36) {
		return refuse("secret", "an advertiser's identifier is a UUID")
	}
	return nil
}

func refuse(field, format string, args ...any) error {
	e := clientele.Errorf(clientele.KindInvalid, format, args...)
	e.Field = field
	return e
}

func orNone(names []string) string {
	if len(names) == 0 {
		return "none"
	}
	return strings.Join(names, ", ")
}

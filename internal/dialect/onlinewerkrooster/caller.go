package onlinewerkrooster

import (
	"crypto/subtle"
	"net/http"

	"clientele"
	"clientele/internal/access"
	"clientele/internal/dialect"
)

var unauthorized = clientele.Errorf(clientele.KindUnauthorized, "unknown credential")

// identify knows the caller by apikey, and the company by CustomerKey (document, section "Header").
//
// The project is 0 when the caller is known and the request does not tell which of its companies it means: the endpoint
// answers that together with whatever else is wrong (see newReader), and the call counts against the caller's limit.
func (a *API) identify(r *http.Request) (*clientele.Credential, int64, error) {
	keys := r.Header["Apikey"]
	if len(keys) != 1 || keys[0] == "" {
		return nil, 0, unauthorized
	}
	named := readCompany(r.Header["Customerkey"])
	c, err := a.Access.BySecretIf(r.Context(), clientele.Onlinewerkrooster, keys[0], named.isOf)
	if err != nil {
		return nil, 0, err
	}
	project, _ := named.of(c)
	return c, project, nil
}

// company is what a request says about the company it is meant for.
type company struct {
	keys int // how many CustomerKey headers it has
	hash clientele.SecretHash
}

// readCompany reads the CustomerKey headers. They are read before the apikey is looked up, so that a request with an
// unknown apikey takes the same way.
func readCompany(keys []string) company {
	if len(keys) != 1 {
		return company{keys: len(keys)}
	}
	return company{1, clientele.HashSecret(clientele.Onlinewerkrooster, access.Canonical(keys[0]))}
}

// of returns the project of the company among those that c opens. A credential of one company may leave the key out: the
// document's header table requires it, and the document's own curl omits it. Of several companies it is 0 then. It is not
// ok when the key is malformed or names none of them, all alike.
func (n company) of(c *clientele.Credential) (project int64, ok bool) {
	switch {
	case n.keys == 0 && len(c.Grants) == 1:
		return c.Grants[0].ProjectID, true
	case n.keys != 1:
		return 0, n.keys == 0
	}
	for _, g := range c.Grants { // all of them: the time does not tell which one it was
		if subtle.ConstantTimeCompare(g.KeyHash[:], n.hash[:]) == 1 {
			project, ok = g.ProjectID, true
		}
	}
	return project, ok
}

// isOf reports whether what the request says is good for a credential.
func (n company) isOf(c *clientele.Credential) bool {
	_, ok := n.of(c)
	return ok
}

// newReader returns a reader of the request that knows what is wrong with its headers already.
func newReader(r *dialect.Request) *reader {
	d := &reader{}
	if r.Call.ProjectID == 0 {
		d.fault("CustomerKey", "is required: this apikey serves several companies")
	}
	return d
}

package console

import (
	"net/http"
	"strconv"
	"strings"
	"time"

	"clientele"
	"clientele/internal/access"
)

// saveKeyLimits changes how many calls a minute a key may make.
func (c *Console) saveKeyLimits(r *request) (answer, error) {
	k, err := c.key(r)
	if err != nil {
		return answer{}, err
	}
	p := keyPageOf(k)
	p.Reads, p.Writes = strings.TrimSpace(r.PostFormValue("reads")), strings.TrimSpace(r.PostFormValue("writes"))
	reads, writes := readLimit("reads", p.Reads, p.Problems), readLimit("writes", p.Writes, p.Problems)
	if len(p.Problems) > 0 {
		return keyAnswer(r, p).withStatus(http.StatusUnprocessableEntity), nil
	}
	if err := r.auditIn(k.soleProject(), "key.limits", k.subject()); err != nil {
		return answer{}, err
	}
	if err := access.SetLimits(r.Context(), c.Store, k.ID, reads, writes); err != nil {
		return answer{}, err
	}
	c.Guard.ForgetAll()
	r.flash("The limits of the key were changed.")
	return seeOther(k.path("")), nil
}

// The choices of how long the former secret goes on working.
const (
	defaultOverlap = "24h"
	customOverlap  = "custom"
)

func overlapChoices() []choice {
	return []choice{
		{"1h", "1 hour"},
		{defaultOverlap, "24 hours"},
		{"7d", "7 days"},
		{"0s", "Not at all: it ends at once"},
		{customOverlap, "Another time …"},
	}
}

// saveKeyRotation gives a key a new secret and shows it, this once.
func (c *Console) saveKeyRotation(r *request) (answer, error) {
	k, err := c.key(r)
	if err != nil {
		return answer{}, err
	}
	bits, err := r.onceBits("key " + strconv.FormatInt(k.ID, 10))
	if err != nil {
		return answer{}, err
	}
	p := keyPageOf(k)
	p.Overlap, p.Custom = r.PostFormValue("overlap"), strings.TrimSpace(r.PostFormValue("custom"))
	overlap, err := p.overlap()
	if noteProblem(p.Problems, err) {
		return keyAnswer(r, p).withStatus(http.StatusUnprocessableEntity), nil
	}
	rotation := access.Rotation{CredentialID: k.ID, Overlap: overlap, Secret: access.SecretOf(k.Dialect, bits)}
	switch {
	case c.isKnown(r, k.Dialect, rotation.Secret):
		return answer{}, errSentBefore
	case !k.isActive():
		return answer{}, clientele.Errorf(clientele.KindConflict, "This key is %s: issue a new one", k.State)
	}
	if err := r.auditIn(k.soleProject(), "key.rotate", k.subject()); err != nil {
		return answer{}, err
	}
	now := c.moment()
	issued, err := access.Rotate(r.Context(), c.Store, rotation, now)
	if err != nil {
		return answer{}, err
	}
	c.Guard.ForgetAll()
	return c.showIssued(r, issued, now.Add(overlap))
}

// overlap reads how long the former secret goes on working.
func (p *keyPage) overlap() (time.Duration, error) {
	if p.Overlap == customOverlap {
		return access.ParseSpan(p.Custom)
	}
	return access.ParseSpan(p.Overlap)
}

// revokePage asks whether a key shall end.
type revokePage struct {
	Key key
	// UsedLately says that the key was used within lately: somebody depends on it.
	UsedLately bool
}

// lately is how far back a use of a key is a warning.
const lately = 24 * time.Hour

// showKeyRevocation asks whether a key shall end, and tells what that would break.
func (c *Console) showKeyRevocation(r *request) (answer, error) {
	if err := c.Guard.RecordUse(r.Context()); err != nil { // otherwise the last half minute would be missing
		return answer{}, err
	}
	k, err := c.key(r)
	if err != nil {
		return answer{}, err
	}
	p := revokePage{Key: k, UsedLately: !k.LastUsedAt.IsZero() && c.Now().Sub(k.LastUsedAt) <= lately}
	return view("Revoke the key of "+k.Name, revokeView(r, p)), nil
}

// saveKeyRevocation ends a key. One that has ended stays as it is.
func (c *Console) saveKeyRevocation(r *request) (answer, error) {
	k, err := c.key(r)
	if err != nil {
		return answer{}, err
	}
	if k.State == access.StateRevoked {
		r.flash("The key was revoked before.")
		return seeOther(k.path("")), nil
	}
	if err := r.auditIn(k.soleProject(), "key.revoke", k.subject()); err != nil {
		return answer{}, err
	}
	if err := c.Store.RevokeCredential(r.Context(), k.ID, c.moment()); err != nil {
		return answer{}, err
	}
	c.Guard.ForgetAll()
	r.flash("The key of " + k.Name + " is revoked: it opens nothing any more.")
	return seeOther(k.path("")), nil
}

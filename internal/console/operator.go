package console

import (
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"clientele"
)

// operatorsPage lists who may log in, for owners.
type operatorsPage struct {
	Operators []clientele.Operator
	// Now decides whose lock is over.
	Now time.Time
	// Me is the operator who looks.
	Me int64
	// Email, Role and Problem are of the form, when it was not good.
	Email   string
	Role    clientele.Role
	Problem string
}

func (c *Console) showOperators(r *request) (answer, error) {
	return c.operators(r, operatorsPage{Role: viewer}, http.StatusOK)
}

func (c *Console) operators(r *request, p operatorsPage, status int) (answer, error) {
	list, err := c.Operators.List(r.Context())
	if err != nil {
		return answer{}, err
	}
	p.Operators, p.Now, p.Me = list, c.Now(), r.Operator.ID
	return view("Operators", operatorsView(r, p)).withStatus(status), nil
}

// saveOperator creates an operator.
func (c *Console) saveOperator(r *request) (answer, error) {
	p := operatorsPage{Email: strings.TrimSpace(r.PostFormValue("email")), Role: clientele.Role(r.PostFormValue("role"))}
	if !p.Role.Includes(viewer) {
		return answer{}, clientele.Errorf(clientele.KindInvalid, "there is no such role")
	}
	o, password, err := c.Operators.Create(r.Context(), p.Email, p.Role)
	var e *clientele.Error
	if errors.As(err, &e) && (e.Kind == clientele.KindInvalid || e.Kind == clientele.KindConflict) {
		p.Problem = sentence(e.Message)
		return c.operators(r, p, http.StatusUnprocessableEntity)
	}
	if err != nil {
		return answer{}, err
	}
	if err := r.audit("operator.create", operatorSubject(o.ID)); err != nil {
		return answer{}, err
	}
	return passwordOnce(r, o, password), nil
}

// oneTimePage shows a password that nobody sees again.
type oneTimePage struct {
	Email    string
	Password string
}

func passwordOnce(r *request, o clientele.Operator, password string) answer {
	return view("One-time password", oneTimeView(r, oneTimePage{o.Email, password}))
}

func operatorSubject(id int64) string { return fmt.Sprintf("operator %d", id) }

// changeOperator does one of the things that a list of operators offers.
func (c *Console) changeOperator(r *request) (answer, error) {
	id, err := r.id("operator")
	if err != nil {
		return answer{}, err
	}
	o, err := c.operator(r, id)
	if err != nil {
		return answer{}, err
	}
	act := r.PostFormValue("do")
	if o.ID == r.Operator.ID && act != "role" {
		return answer{}, clientele.Errorf(clientele.KindInvalid, "This is you: another owner has to do that, or the command line on the server")
	}
	do, ok := map[string]func() error{
		"role":    func() error { return c.Operators.SetRole(r.Context(), id, clientele.Role(r.PostFormValue("role"))) },
		"disable": func() error { return c.Operators.Disable(r.Context(), id) },
		"enable":  func() error { return c.Operators.Enable(r.Context(), id) },
		"reset":   nil,
	}[act]
	if !ok {
		return answer{}, clientele.Errorf(clientele.KindInvalid, "there is no such action")
	}
	if err := r.audit("operator."+act, operatorSubject(id)); err != nil {
		return answer{}, err
	}
	if do == nil {
		password, err := c.Operators.ResetPassword(r.Context(), id)
		if err != nil {
			return answer{}, err
		}
		return passwordOnce(r, o, password), nil
	}
	if err := do(); err != nil {
		return answer{}, err
	}
	r.flash("Done: " + o.Email + ".")
	return seeOther(root + "operators"), nil
}

// operator returns an operator, disabled or not.
func (c *Console) operator(r *request, id int64) (clientele.Operator, error) {
	list, err := c.Operators.List(r.Context())
	if err != nil {
		return clientele.Operator{}, err
	}
	for _, o := range list {
		if o.ID == id {
			return o, nil
		}
	}
	return clientele.Operator{}, clientele.Errorf(clientele.KindNotFound, "There is no operator %d", id)
}

// roleChoices are the roles as a selection.
func roleChoices() []choice {
	return []choice{
		{string(viewer), "Viewer: reads"},
		{string(editor), "Editor: also edits customers and sends deliveries again"},
		{string(owner), "Owner: also keys, projects and operators"},
	}
}

package console

import (
	"errors"
	"net/http"

	"clientele"
)

// passwordPage changes the operator's own password.
type passwordPage struct {
	IsOneTime bool
	// Problems are what is wrong with a field, by its name.
	Problems map[string]string
}

func (c *Console) showPassword(r *request) (answer, error) {
	return view("Change password", passwordView(passwordPage{IsOneTime: r.Operator.PasswordIsOneTime})), nil
}

func (c *Console) savePassword(r *request) (answer, error) {
	p := passwordPage{IsOneTime: r.Operator.PasswordIsOneTime, Problems: map[string]string{}}
	again := func() (answer, error) {
		return view("Change password", passwordView(p)).withStatus(http.StatusUnprocessableEntity), nil
	}
	fresh := r.PostFormValue("new")
	if fresh != r.PostFormValue("repeat") {
		p.Problems["repeat"] = "This is not the same as the new password."
		return again()
	}
	err := c.Operators.ChangePassword(r.Context(), r.Operator.ID, r.PostFormValue("old"), fresh)
	var e *clientele.Error
	switch {
	case err == nil:
	case errors.As(err, &e) && (e.Kind == clientele.KindInvalid || e.Kind == clientele.KindRateLimited):
		where := e.Field
		if where == "" {
			where = "old"
		}
		p.Problems[where] = sentence(e.Message)
		return again()
	default:
		return answer{}, err
	}
	if err := r.audit("password.change", ""); err != nil {
		return answer{}, err
	}
	operator, err := c.Operators.ByID(r.Context(), r.Operator.ID)
	if err != nil {
		return answer{}, err
	}
	if err := c.open(r, operator); err != nil {
		return answer{}, err
	}
	r.flash("Your password was changed. Every other session of yours has ended.")
	return seeOther(root), nil
}

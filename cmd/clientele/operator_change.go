package main

import (
	"context"
	"fmt"
	"time"

	"clientele"
	"clientele/internal/access"
	"clientele/internal/config"
)

// operatorNamed is what every command that changes an operator takes.
type operatorNamed struct {
	config.Book
	Email string `arg:"" help:"The operator's e-mail address."`
	JSON  bool   `help:"Print one JSON object."`
}

// Validate is called by the parser.
func (c *operatorNamed) Validate() error { return checkOperatorEmail(c.Email) }

// operatorChange is a change of one operator: what it is called in the audit log, and how it is made.
type operatorChange struct {
	action string
	make   func(all *access.Operators, id int64) error
}

// change finds the operator, notes the change and carries it out, so that none goes unnoted, and prints what the operator is
// now.
func (c *operatorNamed) change(ctx context.Context, std streams, change operatorChange) error {
	return withBook(ctx, c.Book, func(s store) error {
		all := access.NewOperators(s, time.Now)
		o, err := all.ByEmail(ctx, c.Email)
		if err != nil {
			return err
		}
		if err := auditCommand(ctx, s, change.action, o.ID); err != nil {
			return err
		}
		if err := change.make(all, o.ID); err != nil {
			return err
		}
		if o, err = s.FindOperator(ctx, o.ID); err != nil {
			return err
		}
		return printOperator(std, c.JSON, o)
	})
}

func printOperator(std streams, asJSON bool, o clientele.Operator) error {
	out := operatorOutput(o)
	if asJSON {
		return printJSON(std.out, out)
	}
	_, err := fmt.Fprintf(std.out, "Operator %d, %s, is %s and %s.\n", out.ID, out.Email, out.Role, out.State)
	return err
}

type operatorReset struct{ operatorNamed }

// Run gives the operator a one-time password.
func (c *operatorReset) Run(ctx context.Context, std streams) error {
	return withBook(ctx, c.Book, func(s store) error {
		all := access.NewOperators(s, time.Now)
		o, err := all.ByEmail(ctx, c.Email)
		if err != nil {
			return err
		}
		if err := auditCommand(ctx, s, "operator.reset", o.ID); err != nil {
			return err
		}
		password, err := all.ResetPassword(ctx, o.ID)
		if err != nil {
			return err
		}
		o.FailedLogins, o.LockedUntil = 0, time.Time{}
		return printOneTime(std.out, c.JSON, o, password)
	})
}

type operatorDisable struct{ operatorNamed }

// Run disables the operator.
func (c *operatorDisable) Run(ctx context.Context, std streams) error {
	return c.change(ctx, std, operatorChange{"operator.disable", func(all *access.Operators, id int64) error {
		return all.Disable(ctx, id)
	}})
}

type operatorEnable struct{ operatorNamed }

// Run enables the operator.
func (c *operatorEnable) Run(ctx context.Context, std streams) error {
	return c.change(ctx, std, operatorChange{"operator.enable", func(all *access.Operators, id int64) error {
		return all.Enable(ctx, id)
	}})
}

type operatorRole struct {
	operatorNamed
	Role string `arg:"" help:"owner, editor or viewer." enum:"owner,editor,viewer"`
}

// Run gives the operator the role.
func (c *operatorRole) Run(ctx context.Context, std streams) error {
	return c.change(ctx, std, operatorChange{"operator.role", func(all *access.Operators, id int64) error {
		return all.SetRole(ctx, id, clientele.Role(c.Role))
	}})
}

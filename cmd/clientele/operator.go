package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"time"

	"clientele"
	"clientele/internal/access"
	"clientele/internal/config"
)

type operatorCommand struct {
	Create  operatorCreate  `cmd:"" help:"Let somebody log in to the console; prints a one-time password."`
	List    operatorList    `cmd:"" help:"List the operators."`
	Reset   operatorReset   `cmd:"" help:"Give an operator a one-time password in place of theirs, and lift a lock; ends their sessions."`
	Disable operatorDisable `cmd:"" help:"Keep an operator out, also where they are logged in."`
	Enable  operatorEnable  `cmd:"" help:"Let a disabled operator log in again."`
	Role    operatorRole    `cmd:"" help:"Give an operator another role."`
}

// operatorJSON is an operator as the commands print it.
type operatorJSON struct {
	ID          int64  `json:"id"`
	Email       string `json:"email"`
	Role        string `json:"role"`
	State       string `json:"state"` // active, locked or disabled
	CreatedAt   string `json:"createdAt"`
	LastLoginAt string `json:"lastLoginAt,omitzero"`
	LockedUntil string `json:"lockedUntil,omitzero"`
	DisabledAt  string `json:"disabledAt,omitzero"`
	// Password is a new one-time password, and there with create and reset only.
	Password string `json:"password,omitzero"`
}

func operatorOutput(o clientele.Operator) operatorJSON {
	out := operatorJSON{
		ID: o.ID, Email: o.Email, Role: string(o.Role), State: "active", CreatedAt: stamp(o.CreatedAt),
		LastLoginAt: stamp(o.LastLoginAt), DisabledAt: stamp(o.DisabledAt),
	}
	if o.LockedUntil.After(time.Now()) {
		out.State, out.LockedUntil = "locked", stamp(o.LockedUntil)
	}
	if !o.DisabledAt.IsZero() {
		out.State = "disabled"
	}
	return out
}

// commandOperator stands in the audit log for whoever runs a command: the machine knows who, the book does not.
const commandOperator = "command"

// auditCommand notes what a command did to an operator.
func auditCommand(ctx context.Context, s store, action string, id int64) error {
	return s.AppendAudit(ctx, clientele.AuditEntry{
		At: time.Now().UTC().Truncate(time.Microsecond), Operator: commandOperator, Action: action, Subject: fmt.Sprintf("operator %d", id),
	})
}

type operatorCreate struct {
	config.Book
	Email string  `arg:"" help:"E-mail address, the login name; unique."`
	Role  *string `help:"viewer reads; editor also edits customers, submits failed submissions again, sends test events and deliveries again, disables and enables subscriptions; owner does everything (default: owner as long as there is none, then viewer)." enum:"owner,editor,viewer" placeholder:"ROLE"`
	JSON  bool    `help:"Print one JSON object."`
}

// Validate is called by the parser.
func (c *operatorCreate) Validate() error { return checkOperatorEmail(c.Email) }

func checkOperatorEmail(email string) error {
	if _, err := access.CheckOperatorEmail(email); err != nil {
		return errors.New(explain(err))
	}
	return nil
}

// Run creates the operator.
func (c *operatorCreate) Run(ctx context.Context, std streams) error {
	return withStore(ctx, c.Book, func(s store) error {
		role, err := c.role(ctx, s)
		if err != nil {
			return err
		}
		o, password, err := access.NewOperators(s, time.Now).Create(ctx, c.Email, role)
		if err != nil {
			return err
		}
		audited := auditCommand(ctx, s, "operator.create", o.ID)
		return errors.Join(printOneTime(std.out, c.JSON, o, password), audited)
	})
}

// role returns the role that was asked for, or owner when there is none yet: the console needs one.
func (c *operatorCreate) role(ctx context.Context, s store) (clientele.Role, error) {
	if c.Role != nil {
		return clientele.Role(*c.Role), nil
	}
	list, err := s.ListOperators(ctx)
	isOwner := func(o clientele.Operator) bool { return o.Role == clientele.RoleOwner }
	if err != nil || slices.ContainsFunc(list, isOwner) {
		return clientele.RoleViewer, err
	}
	return clientele.RoleOwner, nil
}

// printOneTime shows an operator's new one-time password.
func printOneTime(out io.Writer, asJSON bool, o clientele.Operator, password string) error {
	return showOnce(out, func(w io.Writer) error {
		if asJSON {
			v := operatorOutput(o)
			v.Password = password
			return printJSON(w, v)
		}
		return printPassword(w, o, password)
	}, always("make another one: clientele operator reset %s", o.Email))
}

func printPassword(w io.Writer, o clientele.Operator, password string) error {
	_, err := fmt.Fprintf(w, `Operator %d, %s, is %s. The one-time password is shown only now:

  %s

Log in at /console/ of the server, such as http://127.0.0.1:8080/console/, and choose another one there.
`, o.ID, o.Email, o.Role, password)
	return err
}

type operatorList struct {
	config.Book
	JSON bool `help:"Print one JSON object."`
}

// Run lists the operators.
func (c *operatorList) Run(ctx context.Context, std streams) error {
	return withBook(ctx, c.Book, func(s store) error {
		operators, err := s.ListOperators(ctx)
		if err != nil {
			return err
		}
		list := make([]operatorJSON, len(operators))
		rows := make([]string, len(operators))
		for i, one := range operators {
			o := operatorOutput(one)
			list[i] = o
			rows[i] = fmt.Sprintf("%d\t%s\t%s\t%s\t%s", o.ID, o.Email, o.Role, o.State, orDash(o.LastLoginAt))
		}
		if c.JSON {
			return printJSON(std.out, struct {
				Operators []operatorJSON `json:"operators"`
			}{list})
		}
		return printTable(std.out, "ID\tE-MAIL\tROLE\tSTATE\tLAST LOGIN", rows)
	})
}

package dkhardware

import (
	"fmt"
	"strconv"

	"clientele"
	"clientele/internal/dialect"

	"github.com/go-json-experiment/json/jsontext"
	"github.com/google/uuid"
)

// statusBody is the body of a question for a submission.
type statusBody struct {
	SubmissionID jsontext.Value `json:"submissionId"`
}

// status answers POST /v1/customer/status.
func (a *API) status(r *dialect.Request) (dialect.Answer, error) {
	var body statusBody
	if err := decode(r.Body, &body); err != nil {
		return dialect.Answer{}, err
	}
	var f faults
	text := property{"SubmissionId", body.SubmissionID}.required(&f, maxID)
	if err := f.err(); err != nil {
		return dialect.Answer{}, err
	}
	s, err := a.findSubmission(r, text.V)
	if err != nil {
		return dialect.Answer{}, err
	}
	return dialect.Answer{Body: appendStatus(nil, &s)}, nil
}

var noSubmission = clientele.Errorf(clientele.KindNotFound, "no such submission")

// findSubmission returns a submission that the caller may see: its own, and of its project those that it could have sent
// itself (rulings, More: another client's without scope for it is somebody else's).
func (a *API) findSubmission(r *dialect.Request, text string) (clientele.Submission, error) {
	id, err := uuid.Parse(text)
	if err != nil || len(text) != len(id.String()) {
		return clientele.Submission{}, noSubmission
	}
	s, err := a.shelf.FindSubmission(r.Context(), r.Call.ProjectID, id.String())
	if err != nil {
		return s, err
	}
	if s.Origin.CredentialID != r.Credential.ID && !r.Credential.HasScope(scopeOf(&s)) {
		return s, noSubmission
	}
	return s, nil
}

// scopeOf returns the scope that sending a submission takes.
func scopeOf(s *clientele.Submission) string {
	if s.Write.Mode == clientele.CreateCustomer {
		return scopeCreate
	}
	return scopeUpdate
}

func appendStatus(b []byte, s *clientele.Submission) []byte {
	b = append(b, `{"customerId":`...)
	if s.CustomerID == 0 {
		b = append(b, "null"...)
	} else {
		b = strconv.AppendInt(b, s.CustomerID, 10)
	}
	b = clientele.AppendQuoted(append(b, `,"status":`...), string(s.Status))
	b = append(b, `,"errors":`...)
	if s.Status != clientele.Failed {
		return append(b, "null}"...)
	}
	b = clientele.AppendQuoted(append(b, '['), failure(s))
	return append(b, ']', '}')
}

// failure says why a submission failed.
func failure(s *clientele.Submission) string {
	if s.Failure == clientele.CustomerMissing || s.Failure == clientele.PersonErased && s.Target != "" {
		return fmt.Sprintf("Property CustomerId failed validation. Error: 'Customer Id' %s does not exist.", s.Target)
	}
	return systemError.title
}

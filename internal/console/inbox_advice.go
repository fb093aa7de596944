package console

import (
	"fmt"
	"net/http"

	"clientele"
)

// advise says what the caller has to change; empty when the answer itself is all there is to say.
func advise(r *clientele.Refusal) string {
	switch r.Kind {
	case clientele.KindUnauthorized.String():
		return adviseUnknown(r)
	case clientele.KindForbidden.String():
		return adviseForbidden(r)
	case clientele.KindRateLimited.String():
		return "The credential has reached its calls for this minute. The partner should wait for as long as Retry-After says; an owner can raise the limit."
	case clientele.KindConflict.String():
		return "What was sent contradicts what is stored, such as an id that another record has or an Idempotency-Key that was used for another body. Sending it again changes nothing."
	case clientele.KindTooLarge.String():
		return fmt.Sprintf("The body is larger than this API reads (%s). Send fewer or smaller values.", bodyLimit(r.Dialect))
	case clientele.KindUnsupportedMedia.String():
		return "The body has a type or an encoding that this API does not read. Send it uncompressed, in UTF-8, with Content-Type: application/json."
	case clientele.KindUnavailable.String():
		return "This was our fault: the book could not be written or read at that moment. The call can be sent again."
	case clientele.KindInternal.String():
		return "This was our fault. The server's log tells the cause under the number of the request; the call can be sent again."
	case clientele.KindNotFound.String():
		return adviseAddress
	case clientele.KindInvalid.String():
		return adviseInvalid(r)
	default:
		return adviseStatus(r)
	}
}

// adviseUnknown is about a caller that could not be known: each dialect has its own way to prove who calls.
func adviseUnknown(r *clientele.Refusal) string {
	const check = " Check that it is the newest one, that it was copied whole, and under Keys that it is neither revoked nor expired."
	switch r.Dialect {
	case clientele.OPM:
		return "The header x-api-key is missing, was sent twice, or holds no key that is known." + check
	case clientele.Onlinewerkrooster:
		return "The headers apikey and CustomerKey do not open a company together. The apikey names the partner, the CustomerKey one of its companies." + check
	case clientele.PrimeLead:
		return "The advertiser's UUID in the path is not known." + check
	case clientele.DKHardware:
		if r.Route == "/oauth/token" || r.Route == "/oauth/token/" {
			return "client_id and client_secret do not belong together." + check
		}
		return "The access token is missing, has expired or was not given out here. Ask /oauth/token for a new one; a token is good for its expires_in seconds."
	default:
		return "The call proves nobody." + check
	}
}

func adviseForbidden(r *clientele.Refusal) string {
	switch r.Dialect {
	case clientele.DKHardware:
		return "The credential was not granted the scope that this route needs: the answer's WWW-Authenticate names it. Ask for a token with that scope, or grant it."
	case clientele.PrimeLead:
		return "This API answers so whatever is wrong with the address: check path and method, and that the UUID in it is the advertiser's own or that of an action that exists."
	default:
		return "The caller may not do this."
	}
}

// adviseInvalid is about a body or parameters with faults.
func adviseInvalid(r *clientele.Refusal) string {
	switch {
	case r.Field == "Idempotency-Key":
		return "Idempotency-Key must be sent once, with 1 to 255 characters, or not at all."
	case r.BodyState == clientele.BodyNone && r.Method == http.MethodPost:
		return "The body is missing. Send it with Content-Length and Content-Type: application/json."
	case r.Dialect == clientele.OPM:
		return "The answer names the first fault; there may be more. customerId is required, and an e-mail address or a phone number."
	default:
		return "The answer lists each field at fault with the reason. Correct those and send the call again."
	}
}

const adviseAddress = "Nobody serves this address, or there is no such record. Check the path against the API reference: a missing or doubled part is the usual cause."

// adviseStatus is about refusals without an error: the address.
func adviseStatus(r *clientele.Refusal) string {
	switch r.Status {
	case http.StatusNotFound:
		return adviseAddress
	case http.StatusMethodNotAllowed:
		return "The address is right and the method is not. The answer's Allow header names those that there are."
	default:
		return ""
	}
}

func bodyLimit(d clientele.Dialect) string {
	if d == clientele.DKHardware {
		return "1 MiB"
	}
	return "64 KiB"
}

package book

import "clientele"

// normalise puts beside the raw values of a patch what can be made of them. What cannot be normalised is flagged, not
// refused (rulings, "Rules that hold in all four").
func normalise(p *clientele.Patch) {
	if raw := p.Email; stated(p, clientele.FieldEmail) {
		normal, ok := normaliseEmail(raw.V)
		p.EmailNormal = keep(p, normal, ok, clientele.EmailInvalid)
	}
	if raw := p.Phone; stated(p, clientele.FieldPhone) {
		normal, ok := normalisePhone(raw.V, "")
		p.PhoneE164 = keep(p, normal, ok, clientele.PhoneInvalid)
	}
	if raw := p.AltPhone; stated(p, clientele.FieldAltPhone) {
		normal, ok := normalisePhone(raw.V, "")
		p.AltPhoneE164 = keep(p, normal, ok, clientele.AltPhoneInvalid)
	}
	if raw := p.VATNumber; stated(p, clientele.FieldVATNumber) {
		normal, ok := normaliseVAT(raw.V)
		p.VATNormal = clientele.NonEmpty(normal)
		keep(p, normal, ok, clientele.VATInvalid)
	}
	if stated(p, clientele.FieldIP) {
		valid, private := classifyIP(p.IP.V)
		keep(p, "", valid, clientele.IPInvalid)
		keep(p, "", !private, clientele.IPPrivate)
	}
}

// stated reports whether the patch has a value for f that is not empty.
func stated(p *clientele.Patch, f clientele.Field) bool { return p.Set.Has(f) && !p.Of(f).IsEmpty() }

// keep returns the normal form of a value that is ok; one that is not raises the flag instead.
func keep(p *clientele.Patch, normal string, ok bool, flag clientele.Flags) clientele.Text {
	if !ok {
		p.Flags |= flag
		return clientele.Text{}
	}
	return clientele.Some(normal)
}

// NormalVAT returns a VAT number in the form in which the book keeps it beside the raw one, for looking it up.
func NormalVAT(raw string) string {
	normal, _ := normaliseVAT(raw)
	return normal
}

package proxy

import "time"

// CertificateState is how a certificate stands, in the word that the console,
// the reports and the alerts have for it.
type CertificateState string

// The states of a certificate.
const (
	CertificateOK      CertificateState = "ok"
	CertificateEnding  CertificateState = "ending"  // it should have been renewed long since
	CertificatePending CertificateState = "pending" // there is none yet
	CertificateExpired CertificateState = "expired"
)

// State judges the certificate at a time.
func (c CertificateStatus) State(now time.Time) CertificateState {
	switch left := c.Until.Sub(now); {
	case c.Pending:
		return CertificatePending
	case c.Until.IsZero():
		return CertificateOK // one is made for whoever asks
	case left <= 0:
		return CertificateExpired
	case left < min(c.Until.Sub(c.From)/nearEnd, longestEnd):
		return CertificateEnding
	}
	return CertificateOK
}

const (
	// nearEnd is the share of its life that a certificate has left when
	// something must have kept it from being renewed: that is tried from a third
	// on.
	nearEnd = 6
	// longestEnd bounds that for those that live for years.
	longestEnd = 14 * 24 * time.Hour
)

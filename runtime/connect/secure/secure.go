// Package secure makes TLS configurations of connectors' settings.
package secure

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"os"

	"github.com/flowc-dev/flowc/runtime/connect"
)

// Client returns the configuration of a client. Its certificate is read anew for
// each connection, so that one that was renewed is used from then on; here it is
// read for its mistakes.
func Client(t connect.ClientTLS) (*tls.Config, error) {
	c := &tls.Config{MinVersion: tls.VersionTLS12, InsecureSkipVerify: t.Insecure} //nolint:gosec // the setting says so in its name
	if t.CA != "" {
		pem, err := os.ReadFile(t.CA)
		if err != nil {
			return nil, fmt.Errorf("tls.ca: %w", err)
		}
		c.RootCAs = x509.NewCertPool()
		if !c.RootCAs.AppendCertsFromPEM(pem) {
			return nil, fmt.Errorf("tls.ca: %s holds no certificate", t.CA)
		}
	}
	if (t.Cert == "") != (t.Key == "") {
		return nil, errors.New("tls needs both cert and key")
	}
	if t.Cert == "" {
		return c, nil
	}
	if _, err := tls.LoadX509KeyPair(t.Cert, t.Key); err != nil {
		return nil, fmt.Errorf("tls: %w", err)
	}
	c.GetClientCertificate = func(*tls.CertificateRequestInfo) (*tls.Certificate, error) {
		cert, err := tls.LoadX509KeyPair(t.Cert, t.Key)
		if err != nil {
			return nil, fmt.Errorf("tls: %w", err)
		}
		return &cert, nil
	}
	return c, nil
}

// Refused tells whether one side does not trust the other: nothing that goes away
// by itself.
func Refused(err error) bool {
	var theirs *tls.CertificateVerificationError
	var ours tls.AlertError
	return errors.As(err, &theirs) || errors.As(err, &ours)
}

// Package secure makes TLS configurations of connectors' settings.
package secure

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"

	"github.com/flowc-dev/flowc/runtime/connect"
	"github.com/flowc-dev/flowc/runtime/fresh"
)

// Client returns what gives the configuration of a client's next connection: the
// same one until the file of the authorities has changed. The certificate that it
// shows is that of its files as well, so that what was renewed is used from then on.
// Here the files are read for their mistakes.
func Client(t connect.ClientTLS) (func() *tls.Config, error) {
	first := &tls.Config{MinVersion: tls.VersionTLS12, InsecureSkipVerify: t.Insecure} //nolint:gosec // the setting says so in its name
	if (t.Cert == "") != (t.Key == "") {
		return nil, errors.New("tls needs both cert and key")
	}
	if t.Cert != "" {
		pair, err := Pair(t.Cert, t.Key)
		if err != nil {
			return nil, err
		}
		first.GetClientCertificate = func(*tls.CertificateRequestInfo) (*tls.Certificate, error) { return pair.Get(), nil }
	}
	if t.CA == "" {
		return func() *tls.Config { return first }, nil
	}
	return Following(first, "tls.ca", t.CA, func(c *tls.Config, pool *x509.CertPool) { c.RootCAs = pool })
}

// Following returns what gives a configuration with the authorities of a file as they
// are now, which set puts into a copy of the first one. key names the file in errors.
func Following(first *tls.Config, key, path string, set func(*tls.Config, *x509.CertPool)) (func() *tls.Config, error) {
	pool, err := fresh.Open(func(contents [][]byte) (*x509.CertPool, error) {
		pool := x509.NewCertPool()
		if !pool.AppendCertsFromPEM(contents[0]) {
			return nil, fmt.Errorf("%s holds no certificate", path)
		}
		return pool, nil
	}, path)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", key, err)
	}
	config, err := fresh.Make(pool.Get, func(pool *x509.CertPool) (*tls.Config, error) {
		c := first.Clone()
		set(c, pool)
		return c, nil
	})
	if err != nil {
		return nil, err
	}
	return config.Get, nil
}

// Pair is a certificate with its key, as their files have them now.
func Pair(cert, key string) (*fresh.Files[*tls.Certificate], error) {
	f, err := fresh.Open(func(contents [][]byte) (*tls.Certificate, error) {
		pair, err := tls.X509KeyPair(contents[0], contents[1])
		return &pair, err
	}, cert, key)
	if err != nil {
		return nil, fmt.Errorf("tls: %w", err)
	}
	return f, nil
}

// Refused tells whether one side does not trust the other: nothing that goes away
// by itself.
func Refused(err error) bool {
	var theirs *tls.CertificateVerificationError
	var ours tls.AlertError
	return errors.As(err, &theirs) || errors.As(err, &ours)
}

// Package certtest makes certificates for tests: of servers and of clients, good ones and
// those that nobody should take.
package certtest

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"testing"
	"time"
)

// Valid is for how long a certificate is good; Past is for how long it has not been.
const (
	Valid = time.Hour
	Past  = -time.Minute
)

// An Authority signs certificates, whose files are in a folder, as its own is (ca.crt).
type Authority struct {
	t    *testing.T
	dir  string
	cert *x509.Certificate
	key  *ecdsa.PrivateKey
}

// New is an authority with its files in dir.
func New(t *testing.T, dir string) *Authority {
	t.Helper()
	a := &Authority{t: t, dir: dir}
	a.sign("ca", Valid, &x509.Certificate{IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign})
	return a
}

// Certificate is that of the authority.
func (a *Authority) Certificate() *x509.Certificate { return a.cert }

// File is the path of a file: NAME.crt or NAME.key, in PEM.
func (a *Authority) File(name string) string { return filepath.Join(a.dir, name) }

// Server writes the certificate and the key of a server on this machine.
func (a *Authority) Server(name string, valid time.Duration) {
	a.t.Helper()
	a.sign(name, valid, &x509.Certificate{IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth}})
}

// Client writes the certificate and the key of a client.
func (a *Authority) Client(name string, valid time.Duration) {
	a.t.Helper()
	a.sign(name, valid, &x509.Certificate{ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth}})
}

// sign fills in a certificate, signs it, and writes NAME.crt and NAME.key.
func (a *Authority) sign(name string, valid time.Duration, c *x509.Certificate) {
	a.t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		a.t.Fatal(err)
	}
	now := time.Now()
	c.SerialNumber, c.Subject = big.NewInt(now.UnixNano()), pkix.Name{CommonName: name}
	c.NotBefore, c.NotAfter = now.Add(-2*time.Hour), now.Add(valid)
	parent, signer := a.cert, a.key
	if parent == nil {
		parent, signer, a.key = c, key, key
	}
	der, err := x509.CreateCertificate(rand.Reader, c, parent, &key.PublicKey, signer)
	if err != nil {
		a.t.Fatal(err)
	}
	if a.cert == nil {
		if a.cert, err = x509.ParseCertificate(der); err != nil {
			a.t.Fatal(err)
		}
	}
	private, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		a.t.Fatal(err)
	}
	for ending, block := range map[string]*pem.Block{".crt": {Type: "CERTIFICATE", Bytes: der}, ".key": {Type: "PRIVATE KEY", Bytes: private}} {
		if err := os.WriteFile(a.File(name+ending), pem.EncodeToMemory(block), 0o600); err != nil {
			a.t.Fatal(err)
		}
	}
}

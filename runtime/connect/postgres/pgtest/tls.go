package pgtest

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

// NewTLS is New of a server that also speaks TLS, as 127.0.0.1; ca is the file of
// the authority that vouches for it.
func NewTLS(t testing.TB) (s *Server, ca string) {
	t.Helper()
	s = newServer(t)
	ca = s.issue()
	s.more = []string{"ssl=on"}
	s.Start()
	return s, ca
}

// Reissue gives a server of NewTLS another certificate for the connections that come,
// by another authority, whose file is the one that NewTLS said.
func (s *Server) Reissue() {
	s.t.Helper()
	s.issue()
	s.Exec("SELECT pg_reload_conf()")
}

// issue writes a certificate that is its own authority, and its key.
func (s *Server) issue() (ca string) {
	s.t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		s.t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(time.Now().UnixNano()), Subject: pkix.Name{CommonName: "pgtest"}, NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign | x509.KeyUsageDigitalSignature, IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
	}
	cert, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		s.t.Fatal(err)
	}
	private, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		s.t.Fatal(err)
	}
	ca = filepath.Join(s.dir, "server.crt")
	s.write(ca, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: cert}))
	s.write(filepath.Join(s.dir, "server.key"), pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: private}))
	return ca
}

// LetIn says who is let in, in the lines of pg_hba.conf.
func (s *Server) LetIn(rules string) {
	s.t.Helper()
	s.write(filepath.Join(s.dir, "pg_hba.conf"), []byte(rules))
	s.Exec("SELECT pg_reload_conf()")
}

// write writes a file that the server reads.
func (s *Server) write(path string, data []byte) {
	s.t.Helper()
	err := os.WriteFile(path, data, 0o600)
	if err == nil {
		err = giveAway(path)
	}
	if err != nil {
		s.t.Fatal(err)
	}
}

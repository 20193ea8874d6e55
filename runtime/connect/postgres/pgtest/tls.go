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
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "pgtest"}, NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign | x509.KeyUsageDigitalSignature, IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
	}
	cert, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	private, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	ca = filepath.Join(s.dir, "server.crt")
	write := func(path, kind string, der []byte) {
		err := os.WriteFile(path, pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der}), 0o600)
		if err == nil {
			err = giveAway(path)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	write(ca, "CERTIFICATE", cert)
	write(filepath.Join(s.dir, "server.key"), "PRIVATE KEY", private)
	s.more = []string{"ssl=on"}
	s.Start()
	return s, ca
}

package secure

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/flowc-dev/flowc/runtime/connect"
)

// identity writes a certificate that is its own authority, and its key.
func identity(t *testing.T, dir, name string) (cert, key string) {
	t.Helper()
	k, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(time.Now().UnixNano()), Subject: pkix.Name{CommonName: name}, NotAfter: time.Now().Add(time.Hour),
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, IsCA: true, BasicConstraintsValid: true,
		KeyUsage: x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth},
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &k.PublicKey, k)
	if err != nil {
		t.Fatal(err)
	}
	encoded, err := x509.MarshalPKCS8PrivateKey(k)
	if err != nil {
		t.Fatal(err)
	}
	cert, key = filepath.Join(dir, name+".pem"), filepath.Join(dir, name+".key")
	for path, block := range map[string]*pem.Block{cert: {Type: "CERTIFICATE", Bytes: der}, key: {Type: "PRIVATE KEY", Bytes: encoded}} {
		if err := os.WriteFile(path, pem.EncodeToMemory(block), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return cert, key
}

// A client trusts the authority that it is told, and shows the certificate that
// is in the file when it connects.
func TestClient(t *testing.T) {
	dir := t.TempDir()
	serverCert, serverKey := identity(t, dir, "server")
	clientCert, clientKey := identity(t, dir, "client")
	pair, err := tls.LoadX509KeyPair(serverCert, serverKey)
	if err != nil {
		t.Fatal(err)
	}
	l, err := tls.Listen("tcp", "127.0.0.1:0", &tls.Config{Certificates: []tls.Certificate{pair}, ClientAuth: tls.RequireAnyClientCert, MinVersion: tls.VersionTLS12})
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	serials := make(chan string, 10)
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			if s := c.(*tls.Conn); s.Handshake() == nil {
				serials <- s.ConnectionState().PeerCertificates[0].SerialNumber.String()
				c.Write([]byte("x"))
			}
			c.Close()
		}
	}()
	connect1 := func(c *tls.Config) error {
		conn, err := tls.Dial("tcp", l.Addr().String(), c)
		if err != nil {
			return err
		}
		defer conn.Close()
		_, err = conn.Read(make([]byte, 1))
		return err
	}
	c, err := Client(connect.ClientTLS{CA: serverCert, Cert: clientCert, Key: clientKey})
	if err != nil {
		t.Fatal(err)
	}
	if err := connect1(c()); err != nil {
		t.Fatal(err)
	}
	first := <-serials
	identity(t, dir, "client") // renewed
	for shown := first; shown == first; shown = <-serials {
		if err := connect1(c()); err != nil {
			t.Fatal(err)
		}
	}
	other, err := Client(connect.ClientTLS{Cert: clientCert, Key: clientKey})
	if err != nil {
		t.Fatal(err)
	}
	if err := connect1(other()); !Refused(err) {
		t.Errorf("anybody is trusted: %v", err)
	}
}

// A client trusts the authority that its file has now, and checks names as before. A
// file that is half written or gone takes no trust away.
func TestAuthorityChanges(t *testing.T) {
	dir := t.TempDir()
	cert, key := identity(t, dir, "server")
	ca := filepath.Join(dir, "ca.pem")
	put := func(data []byte) {
		t.Helper()
		if err := os.WriteFile(ca, data, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	read := func() []byte {
		t.Helper()
		data, err := os.ReadFile(cert)
		if err != nil {
			t.Fatal(err)
		}
		return data
	}
	put(read())
	pair, err := Pair(cert, key)
	if err != nil {
		t.Fatal(err)
	}
	l, err := tls.Listen("tcp", "127.0.0.1:0", &tls.Config{GetCertificate: func(*tls.ClientHelloInfo) (*tls.Certificate, error) { return pair.Get(), nil }, MinVersion: tls.VersionTLS12})
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go func() { _ = c.(*tls.Conn).Handshake(); _ = c.Close() }()
		}
	}()
	trust, err := Client(connect.ClientTLS{CA: ca})
	if err != nil {
		t.Fatal(err)
	}
	serial := ""
	dial := func(name string) error {
		c := trust().Clone()
		c.ServerName = name
		conn, err := tls.Dial("tcp", l.Addr().String(), c)
		if err == nil {
			serial = conn.ConnectionState().PeerCertificates[0].SerialNumber.String()
			_ = conn.Close()
		}
		return err
	}
	if err := dial("127.0.0.1"); err != nil {
		t.Fatal(err)
	}
	first := serial
	put(nil)
	for range 20 { // as long as it is looked at for
		if err := dial("127.0.0.1"); err != nil {
			t.Fatalf("a file that is being written took the trust away: %v", err)
		}
		time.Sleep(50 * time.Millisecond)
	}
	identity(t, dir, "server") // by another authority
	put(read())
	for dial("127.0.0.1") != nil || serial == first {
		time.Sleep(10 * time.Millisecond)
	}
	if err := dial("elsewhere.example.com"); err == nil {
		t.Error("the name of the server is not looked at")
	}
	if err := os.Remove(ca); err != nil {
		t.Fatal(err)
	}
	for range 20 {
		if err := dial("127.0.0.1"); err != nil {
			t.Fatalf("a file that is gone took the trust away: %v", err)
		}
		time.Sleep(50 * time.Millisecond)
	}
}

func TestErrors(t *testing.T) {
	dir := t.TempDir()
	cert, key := identity(t, dir, "c")
	empty := filepath.Join(dir, "empty")
	if err := os.WriteFile(empty, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		tls  connect.ClientTLS
		says string
	}{
		{connect.ClientTLS{CA: filepath.Join(dir, "none")}, "tls.ca"},
		{connect.ClientTLS{CA: empty}, "holds no certificate"},
		{connect.ClientTLS{Cert: cert}, "both cert and key"},
		{connect.ClientTLS{Key: key}, "both cert and key"},
		{connect.ClientTLS{Cert: cert, Key: cert}, "tls:"},
	} {
		if _, err := Client(c.tls); err == nil || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%+v: %v", c.tls, err)
		}
	}
}

package main

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"fmt"
	"math/big"
	"path/filepath"
	"strconv"
	"testing"
	"time"
)

// front writes the certificate by which servers behind the API server know it.
func (c *kubeCluster) front() {
	c.t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		c.t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "front"}, NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(24 * time.Hour),
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign | x509.KeyUsageDigitalSignature, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth},
	}
	certificate, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		c.t.Fatal(err)
	}
	private, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		c.t.Fatal(err)
	}
	writeFile(c.t, filepath.Join(c.dir, "front.crt"), string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: certificate})))
	writeFile(c.t, filepath.Join(c.dir, "front.key"), string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: private})))
}

// metricsPort is where the metrics server listens.
const metricsPort = 4443

// measured starts the metrics server, where no other scenario has, and waits until it has
// looked at the node twice.
func (c *kubeCluster) measured() {
	c.t.Helper()
	if c.try("get", "--raw", "/apis/metrics.k8s.io/v1beta1/nodes/node") != "" {
		return
	}
	kubeconfig := filepath.Join(c.dir, "kubeconfig")
	c.start("metrics-server", "--kubeconfig", kubeconfig, "--authentication-kubeconfig", kubeconfig, "--authorization-kubeconfig", kubeconfig, "--kubelet-insecure-tls",
		"--kubelet-preferred-address-types=InternalIP", "--metric-resolution=10s", "--kubelet-request-timeout=5s", "--secure-port="+strconv.Itoa(metricsPort), "--cert-dir="+filepath.Join(c.dir, "metrics"))
	file := filepath.Join(c.dir, "metrics.yaml")
	writeFile(c.t, file, fmt.Sprintf(`apiVersion: v1
kind: Service
metadata: {name: metrics-server, namespace: kube-system}
spec: {ports: [{port: 443, targetPort: %[1]d}]}
---
apiVersion: discovery.k8s.io/v1
kind: EndpointSlice
metadata: {name: metrics-server, namespace: kube-system, labels: {kubernetes.io/service-name: metrics-server}}
addressType: IPv4
endpoints: [{addresses: [%[2]s]}]
ports: [{port: %[1]d}]
---
apiVersion: apiregistration.k8s.io/v1
kind: APIService
metadata: {name: v1beta1.metrics.k8s.io}
spec:
  group: metrics.k8s.io
  version: v1beta1
  service: {name: metrics-server, namespace: kube-system}
  insecureSkipTLSVerify: true
  groupPriorityMinimum: 100
  versionPriority: 100
`, metricsPort, nodeAddress))
	c.do("apply", "-f", file)
	c.until("the node is measured", func() bool { return c.try("get", "--raw", "/apis/metrics.k8s.io/v1beta1/nodes/node") != "" })
}

// A pipeline whose copies share what comes has more of them when they are busy, and
// fewer when they are not, as a HorizontalPodAutoscaler decides; nothing is lost.
func kubernetesAutoscaled(t *testing.T, c *kubeCluster) {
	here := *c
	here.t = t
	here.measured()
	s := kubeNATS(t)
	s.make("ORDERS", "orders.>")
	s.make("BILLS", "bills.*")
	options := fmt.Sprintf("namespace: busy, scale: {min: 1, max: 3, target: 50, cooldown: 10}, cpu: 50m, image: %s/busy", c.registry(t))
	a := c.app(t, `pipeline: busy
types: {Order: {id: string, region: EU | US, total: decimal}}
sources: {orders: {use: nats, config: {url: "${env:NATS_URL}", stream: ORDERS, durable: busy}, out: Order}}
processors:
  costly:
    from: orders
    filter: |
      n := len(in.ID)
      for i := range 5_000_000 {
        n = n*31 + i
      }
      return n != 0
sinks: {bills: {from: costly, use: nats, config: {url: "${env:NATS_URL}", subject: "bills.${in.Region}", stream: BILLS}}}
`, options)
	a.in("create", "secret", "generic", "busy-secrets", "--from-literal=NATS_URL="+s.url())
	says(t, a.applies(exitOK, "--yes"), "+ create HorizontalPodAutoscaler busy", ": applied, ready")

	published, scaled := 0, func(n int) bool { return a.get("deployment/busy", ".status.readyReplicas") == strconv.Itoa(n) }
	a.until("there is more than one can do", func() bool {
		s.publish(published, published+500)
		published += 500
		return scaled(3)
	})
	a.same()
	t.Logf("three copies after %d messages", published)
	a.until("all messages", func() bool { return s.missing("BILLS", published) == 0 })
	a.until("one copy", func() bool { return scaled(1) && len(a.pods()) == 1 })
	s.publish(published, published+100)
	a.until("all messages of one copy", func() bool { return s.missing("BILLS", published+100) == 0 })
	t.Logf("%d messages, %d of them written again", published+100, s.count("BILLS")-published-100)
	a.deleted()
}

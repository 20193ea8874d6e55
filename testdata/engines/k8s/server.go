// Package k8s puts what flowc emits for Kubernetes through the code of the API server:
// strict decoding, defaults, conversion, what the strategy of each kind does before it
// creates or updates, and restricted Pod Security. What passes here a server takes, but
// for what it asks of others (whether a class or a Secret exists).
//
// It is a module of its own, so that flowc's has none of its requirements.
package k8s

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"

	appsv1 "k8s.io/api/apps/v1"
	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/runtime/serializer"
	utilyaml "k8s.io/apimachinery/pkg/util/yaml"
	genericapirequest "k8s.io/apiserver/pkg/endpoints/request"
	"k8s.io/apiserver/pkg/registry/rest"
	"k8s.io/kubernetes/pkg/api/legacyscheme"
	_ "k8s.io/kubernetes/pkg/apis/apps/install"        // the kinds of each group
	_ "k8s.io/kubernetes/pkg/apis/autoscaling/install" //
	_ "k8s.io/kubernetes/pkg/apis/batch/install"       //
	_ "k8s.io/kubernetes/pkg/apis/core/install"        //
	_ "k8s.io/kubernetes/pkg/apis/networking/install"  //
	_ "k8s.io/kubernetes/pkg/apis/policy/install"      //
	"k8s.io/kubernetes/pkg/registry/apps/deployment"
	"k8s.io/kubernetes/pkg/registry/apps/statefulset"
	"k8s.io/kubernetes/pkg/registry/autoscaling/horizontalpodautoscaler"
	"k8s.io/kubernetes/pkg/registry/batch/cronjob"
	"k8s.io/kubernetes/pkg/registry/batch/job"
	"k8s.io/kubernetes/pkg/registry/core/configmap"
	"k8s.io/kubernetes/pkg/registry/core/namespace"
	"k8s.io/kubernetes/pkg/registry/core/persistentvolumeclaim"
	"k8s.io/kubernetes/pkg/registry/core/service"
	"k8s.io/kubernetes/pkg/registry/core/serviceaccount"
	"k8s.io/kubernetes/pkg/registry/networking/networkpolicy"
	"k8s.io/kubernetes/pkg/registry/policy/poddisruptionbudget"
	psaapi "k8s.io/pod-security-admission/api"
	psapolicy "k8s.io/pod-security-admission/policy"
)

// A strategy is what the server does with objects of a kind before it keeps them.
type strategy interface {
	rest.RESTCreateStrategy
	rest.RESTUpdateStrategy
}

// strategies are those of the kinds that flowc writes.
var strategies = map[string]strategy{
	"Deployment": deployment.Strategy, "StatefulSet": statefulset.Strategy, "Job": job.Strategy, "CronJob": cronjob.Strategy,
	"HorizontalPodAutoscaler": horizontalpodautoscaler.Strategy, "ConfigMap": configmap.Strategy, "Namespace": namespace.Strategy,
	"PersistentVolumeClaim": persistentvolumeclaim.Strategy, "Service": service.Strategy, "ServiceAccount": serviceaccount.Strategy,
	"NetworkPolicy": networkpolicy.Strategy, "PodDisruptionBudget": poddisruptionbudget.Strategy,
}

// custom are kinds that a server learns of by a definition (see crds_test.go).
var custom = map[string]bool{"ScaledObject": true, "PodMonitor": true}

// An object is a document of a file, as it came and as the server has it.
type object struct {
	kind, name string
	json       []byte
	// versioned is nil for custom kinds.
	versioned runtime.Object
	group     schema.GroupVersionKind
}

var decoder = serializer.NewCodecFactory(legacyscheme.Scheme, serializer.EnableStrict).UniversalDeserializer()

// objects decodes the documents of a text strictly, and fills in the defaults.
func objects(text []byte) ([]object, error) {
	var all []object
	r := utilyaml.NewYAMLReader(bufio.NewReader(bytes.NewReader(text)))
	for {
		doc, err := r.Read()
		if errors.Is(err, io.EOF) {
			return all, nil
		}
		if err != nil {
			return nil, err
		}
		js, err := utilyaml.ToJSON(doc)
		if err != nil {
			return nil, err
		}
		if string(bytes.TrimSpace(js)) == "null" { // the comments before the first
			continue
		}
		var head metav1.PartialObjectMetadata
		if err := utilyaml.Unmarshal(js, &head); err != nil {
			return nil, err
		}
		o := object{kind: head.Kind, name: head.Name, json: js}
		if !custom[head.Kind] {
			v, gvk, err := decoder.Decode(js, nil, nil)
			if err != nil {
				return nil, fmt.Errorf("%s %s: %w", head.Kind, head.Name, err)
			}
			legacyscheme.Scheme.Default(v)
			o.versioned, o.group = v, *gvk
		}
		all = append(all, o)
	}
}

// template is the pod of a workload, nil for others.
func template(o object) *corev1.PodTemplateSpec {
	switch o := o.versioned.(type) {
	case *appsv1.Deployment:
		return &o.Spec.Template
	case *appsv1.StatefulSet:
		return &o.Spec.Template
	case *batchv1.Job:
		return &o.Spec.Template
	case *batchv1.CronJob:
		return &o.Spec.JobTemplate.Spec.Template
	}
	return nil
}

// insecure says what restricted Pod Security has against a pod, "" for nothing. A
// server says it when the pod is made, long after its workload was applied.
func insecure(t *corev1.PodTemplateSpec) (string, error) {
	e, err := psapolicy.NewEvaluator(psapolicy.DefaultChecks(), nil)
	if err != nil {
		return "", err
	}
	r := psapolicy.AggregateCheckResults(e.EvaluatePod(psaapi.LevelVersion{Level: psaapi.LevelRestricted, Version: psaapi.LatestVersion()}, &t.ObjectMeta, &t.Spec))
	if r.Allowed {
		return "", nil
	}
	return r.ForbiddenDetail(), nil
}

// internal is an object as the server works with it, in its namespace, and what a
// request for it has.
func internal(o object) (runtime.Object, strategy, context.Context, error) {
	st, ok := strategies[o.kind]
	if !ok {
		return nil, nil, nil, fmt.Errorf("no strategy is known for %s", o.kind)
	}
	v := o.versioned.DeepCopyObject()
	if s, ok := v.(*corev1.Service); ok && s.Spec.ClusterIP == corev1.ClusterIPNone {
		s.Spec.ClusterIPs = []string{corev1.ClusterIPNone} // the server allocates before it validates
	}
	in, err := legacyscheme.Scheme.ConvertToVersion(v, schema.GroupVersion{Group: o.group.Group, Version: runtime.APIVersionInternal})
	if err != nil {
		return nil, nil, nil, err
	}
	m, err := meta.Accessor(in)
	if err != nil {
		return nil, nil, nil, err
	}
	if st.NamespaceScoped() && m.GetNamespace() == "" {
		m.SetNamespace(metav1.NamespaceDefault)
	}
	ctx := genericapirequest.WithRequestInfo(genericapirequest.WithNamespace(context.Background(), m.GetNamespace()), &genericapirequest.RequestInfo{
		IsResourceRequest: true, APIGroup: o.group.Group, APIVersion: o.group.Version, Verb: "create", Name: m.GetName(), Namespace: m.GetNamespace(),
	})
	return in, st, ctx, nil
}

// create is what a server does before it keeps a new object. It returns the warnings
// that kubectl would print.
func create(o object) (warnings []string, err error) {
	in, st, ctx, err := internal(o)
	if err != nil {
		return nil, err
	}
	m, err := meta.Accessor(in)
	if err != nil {
		return nil, err
	}
	rest.FillObjectMetaSystemFields(m)
	if err := rest.BeforeCreate(st, ctx, in); err != nil {
		return nil, err
	}
	return st.WarningsOnCreate(ctx, in), nil
}

// update is what a server does before it replaces an object that it has.
func update(o, old object) error {
	was, st, ctx, err := internal(old)
	if err != nil {
		return err
	}
	m, err := meta.Accessor(was)
	if err != nil {
		return err
	}
	rest.FillObjectMetaSystemFields(m)
	m.SetResourceVersion("1")
	if err := rest.BeforeCreate(st, ctx, was); err != nil {
		return err
	}
	m.SetResourceVersion("1")
	in, _, _, err := internal(o)
	if err != nil {
		return err
	}
	now, err := meta.Accessor(in)
	if err != nil {
		return err
	}
	now.SetResourceVersion("1")
	now.SetUID(m.GetUID())
	now.SetCreationTimestamp(m.GetCreationTimestamp())
	return rest.BeforeUpdate(st, ctx, in, was)
}

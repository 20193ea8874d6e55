// Package fromflowctl proves that what users of flowctl bring works: the files that they
// have, with components like theirs.
//
// The idea: what flowctl gets wrong is a list (testdata/defects.txt), and each line of it
// has a test here, with a file as flowctl's users write it, that shows the right behaviour
// (defects_test.go is the table). Files like those in the field are a corpus
// (testdata/corpus), each with its verdict, its deployments, and, where its components can be
// stood in for, a run whose end is compared.
//
// All of it is tests: flowc is built and started as users start it, and what stands in for
// components is runtime/connect/component/testdata/standin.
package fromflowctl

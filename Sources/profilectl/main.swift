import ArgumentParser
import Reconciler
import Simulator
print("x")

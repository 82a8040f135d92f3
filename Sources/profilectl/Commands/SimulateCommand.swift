import ArgumentParser
import Foundation
import Reconciler
import Simulator

struct SimulateCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "simulate",
        abstract: "Runs the carrier's simulator alone, with the fleet's devices as its inventory.",
        discussion: """
            It answers as ThingSpace does under http://HOST:PORT/api, signs in the key
            simulator-key with the secret simulator-secret and the user simulator-user
            with the password simulator-password, and calls the endpoint that is
            registered with it. What it has counted is at /simulator/counts, the devices
            at /simulator/devices. A POST to /simulator/drift changes profiles as another
            system on the account would, one to /simulator/devices/ICCID a single device
            (profileStatus, state, onAccount). One to /simulator/lists with a
            profileStatus has the device lists tell that of every profile, whatever it is,
            until one with {} comes.

            Examples:
              profilectl simulate fleet/ --listen 127.0.0.1:8080
              curl http://127.0.0.1:8080/simulator/counts
              curl -d @drift.json http://127.0.0.1:8080/simulator/drift
            """)

    @OptionGroup var manifests: ManifestArguments
    @OptionGroup var common: CommonOptions
    @OptionGroup(title: "Simulator") var simulator: SimulatorArguments

    @Option(help: ArgumentHelp("Host and port to listen on; port 0 for any.", valueName: "host:port"))
    var listen = "127.0.0.1:8080"

    @Flag(help: "Call any port, also those that the carrier does not.")
    var anyCallbackPort = false

    @Option(
        help: ArgumentHelp(
            "Trust endpoints of callbacks by the authorities in this PEM file, not by the system's.",
            valueName: "file"))
    var callbackAuthorities: String?

    func run() async throws {
        try await reporting(common) {
            let fleet = try await manifests.load(common)
            let address = try ListenAddress(listen, setting: "--listen")
            let host = address.host.contains(":") ? "[\(address.host)]" : address.host
            var options = simulator.options
            options.allowsAnyCallbackPort = anyCallbackPort
            options.callbackAuthorities = callbackAuthorities
            let server = Simulator(
                devices: simulator.inventory(of: fleet), options: options, logger: common.logger())
            try await InterruptSignals.ending { stop in
                try await server.run(host: address.host, port: address.port, until: stop) { port in
                    // The simulator goes on where nobody reads what it says.
                    do {
                        try printLine(
                            "Simulating \(counted(fleet.devices.count, "device")) at http://\(host):\(port)/api")
                    } catch {
                        printFailure("The address of the simulator cannot be printed.", common.errorOutput)
                    }
                }
            }
        }
    }
}

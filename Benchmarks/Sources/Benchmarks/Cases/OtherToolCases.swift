import Foundation

/// The same work by other declarative tools, where they are installed: a plan of a fleet in which nothing is to do.
struct OtherToolCases {
    let tools: Tools
    let rounds: Int

    func run(into report: inout Report) async throws {
        var rows: [[String]] = []
        if let terraform = tools.find("terraform") {
            rows.append(
                try await compare("terraform (terraform_data, for_each)", 2000, try terraformPlan(terraform, 2000)))
        }
        if let octodns = tools.find("octodns-sync") {
            rows.append(try await compare("octoDNS (YAML provider)", 20_000, try octodnsPlan(octodns, 20_000)))
        }
        guard !rows.isEmpty else {
            print("Neither terraform nor octodns-sync is installed; they are left out.\n")
            return
        }
        report.add(
            "Other declarative tools", "A plan in which nothing is to do, of as many things, side by side.",
            header: ["tool", "things", "time", "memory", "profilectl", "memory", "a device, ratio"], rows: rows)
    }

    private func compare(_ name: String, _ size: Int, _ other: Program) async throws -> [String] {
        let yaml = tools.path("\(size).yaml")
        let state = tools.path("\(size).db")
        let fleet = FleetInput(count: size)
        try fleet.writeYAML(to: yaml)
        try await fleet.writeState(to: state)
        let ours = Program(path: Tools.profilectl, arguments: ["plan", yaml, "--state", "sqlite:\(state)"])
        let result = try await Comparison(rounds: rounds, { try other.measure() }, beside: { try ours.measure() })
        return [
            name, size.grouped, result.seconds.secondsText, result.memory.memoryText,
            result.yardstickSeconds.secondsText, (result.yardsticks.map(\.memory).max() ?? 0).memoryText,
            result.ratio.text(0),
        ]
    }

    private func terraformPlan(_ terraform: String, _ size: Int) throws -> Program {
        let folder = try tools.makeFolder("terraform")
        let devices = FleetInput(count: size).devices.map {
            "  - {eid: \"\($0.eid)\", iccid: \"\($0.iccid)\", state: downloaded-enabled}\n"
        }
        try Data(("devices:\n" + devices.joined()).utf8).write(to: URL(fileURLWithPath: folder + "/fleet.yaml"))
        let configuration = """
            locals {
              fleet = yamldecode(file("${path.module}/fleet.yaml"))
            }
            resource "terraform_data" "device" {
              for_each = { for device in local.fleet.devices : device.eid => device }
              input    = each.value
            }
            """
        try Data(configuration.utf8).write(to: URL(fileURLWithPath: folder + "/main.tf"))
        for arguments in [["init", "-input=false"], ["apply", "-auto-approve", "-input=false"]] {
            _ = try Program(path: terraform, arguments: arguments, folder: folder).measure()
        }
        return Program(path: terraform, arguments: ["plan", "-input=false"], folder: folder)
    }

    private func octodnsPlan(_ octodns: String, _ size: Int) throws -> Program {
        let folder = try tools.makeFolder("octodns")
        let records = FleetInput(count: size).devices.map {
            "'d\($0.iccid)':\n  type: TXT\n  value: downloaded-enabled\n"
        }
        for part in ["source", "target"] {
            let path = try tools.makeFolder("octodns/" + part)
            try Data(("---\n" + records.sorted().joined()).utf8)
                .write(to: URL(fileURLWithPath: path + "/example.com.yaml"))
        }
        let configuration = """
            providers:
              source: {class: octodns.provider.yaml.YamlProvider, directory: source, enforce_order: false}
              target: {class: octodns.provider.yaml.YamlProvider, directory: target, enforce_order: false}
            zones:
              example.com.: {sources: [source], targets: [target]}
            """
        try Data(configuration.utf8).write(to: URL(fileURLWithPath: folder + "/config.yaml"))
        return Program(path: octodns, arguments: ["--config-file", "config.yaml"], folder: folder)
    }
}

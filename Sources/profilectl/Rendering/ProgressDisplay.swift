import Foundation
import Reconciler
import Synchronization

/// Shows progress on stderr: a bar that is drawn over on a terminal, a line now and then elsewhere.
final class ProgressDisplay: Sendable {
    private struct Shown {
        var lastLine = ""
        var lastTime: Timestamp?
        var hasBar = false
    }

    private let style: Style
    private let isTerminal = isatty(2) == 1
    private let shown = Mutex(Shown())
    private let clock = SystemClock()

    private static let barWidth = 30
    private static let terminalInterval = Duration.milliseconds(100)
    private static let lineInterval = Duration.seconds(1)

    init(style: Style) {
        self.style = style
    }

    func show(_ report: ApplyReport) {
        let share = report.total == 0 ? 1 : Double(report.converged) / Double(report.total)
        show(ApplyReportText(report: report, style: style).line, share: share, isOver: report.ending != .running)
    }

    func show(_ report: RefreshReport) {
        let text = RefreshReportText(report: report, style: style)
        show(text.line, share: text.share, isOver: report.ending != .running)
    }

    private func show(_ line: String, share: Double, isOver: Bool) {
        let now = clock.now()
        shown.withLock { shown in
            let interval = isTerminal ? Self.terminalInterval : Self.lineInterval
            let isDue = shown.lastTime.map { now - $0 >= interval } ?? true
            guard line != shown.lastLine, isDue || isOver else { return }
            shown.lastLine = line
            shown.lastTime = now
            if isTerminal {
                writeToStandardError("\r\u{1B}[2K\(bar(share)) \(line)")
                shown.hasBar = true
            } else {
                printError(line)
            }
        }
    }

    /// Leaves the bar where it is and goes on below it.
    func finish() {
        shown.withLock { shown in
            if shown.hasBar { writeToStandardError("\n") }
            shown.hasBar = false
        }
    }

    private func bar(_ share: Double) -> String {
        let filled = Int(share * Double(Self.barWidth))
        return "[" + style.green(String(repeating: "#", count: filled))
            + String(repeating: ".", count: Self.barWidth - filled) + "]"
    }
}

@at_the_end
Feature: What the gateway leaves behind
  Logs are copied, kept and read by people who need no numbers for their work. And what a gateway
  sends does not all go to sites: it asks for names, writes to collectors of logs, keeps stores.

  Rule: The gateway keeps no number behind in its logs or on its disk

    Example: After a day's traffic no number is left
      When the gateway is stopped at the end of its day
      Then no number is left in its logs or on its disk

  Rule: Nothing that leaves the gateway tells who is calling, whoever it goes to

    Example: Nothing that crossed the cable to the outside tells who is calling
      When all that crossed the cable to the outside is looked through
      Then nobody has learned anything that the policy does not grant

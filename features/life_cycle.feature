@trouble
Feature: The gateway's life goes on while subscribers visit
  Faults of this kind have come with maintenance: with a change that is taken up, a process that is
  lost and replaced.

  Rule: Nobody learns more while the gateway changes than at any other time

    Example: While the gateway takes up its config anew each site learns what it may
      Given subscribers who have agreed that permitted sites may know their numbers
      When they visit permitted and ordinary sites while the gateway takes up its config anew
      Then nobody has learned anything that the policy does not grant

    Example: When a part of the gateway is lost and replaced each site learns what it may
      Given subscribers who have agreed that permitted sites may know their numbers
      When they visit permitted and ordinary sites while a part of the gateway is lost
      Then nobody has learned anything that the policy does not grant
